"""The best weights, or those a run ended with, whatever it kept of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load, load_file

from tlviz.errors import BadSettingError, BadWeightsError
from tlviz.export.bundle import bundle_bytes, load_bundle
from tlviz.export.run_weights import Weights, has_last, parse_weights, weights_of
from tlviz.finetune.config import configure
from tlviz.runs.store.folder import RunFolder, create_run


def record(run: RunFolder, epochs: int) -> None:
    """Write epochs that a run went through."""
    base = {"event": "epoch", "time": 1.0, "val_loss": 1.0, "duration_s": 1.0, "images_per_s": 1.0}
    lines = [json.dumps(base | {"epoch": at, "val_accuracy": 0.5 if at == 1 else 0.4}) for at in range(epochs + 1)]
    (run.path / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def header(content: bytes, folder: Path) -> dict[str, object]:
    (folder / "x.safetensors").write_bytes(content)
    with safe_open(folder / "x.safetensors", "pt") as file:
        return dict(json.loads(file.metadata()["training"]))


def test_a_run_without_weights_has_nothing_to_export() -> None:
    with pytest.raises(BadWeightsError, match="nothing to export"):
        weights_of(create_run("finetune", "x", {}), Weights.BEST)


def test_the_last_are_the_best_where_the_last_epoch_is(run: RunFolder) -> None:
    record(run, 1)
    assert weights_of(run, Weights.LAST) == weights_of(run, Weights.BEST) == run.weights.read_bytes()
    assert not has_last(run)


def test_a_run_that_kept_only_its_best_says_so(run: RunFolder) -> None:
    record(run, 3)
    assert not has_last(run)
    with pytest.raises(BadWeightsError, match=r"kept only its best weights, of epoch 1, not those of its last, 3"):
        weights_of(run, Weights.LAST)


def test_the_last_weights_are_those_that_were_kept(run: RunFolder) -> None:
    record(run, 3)
    network, config = load_bundle(run.weights), configure("squeezenet1_1", "x", "full", image_size=64)
    run.last_weights.write_bytes(bundle_bytes(network, config, {"epoch": 3}))
    assert has_last(run)
    assert weights_of(run, Weights.LAST) == run.last_weights.read_bytes()


@pytest.mark.parametrize("averaged", [False, True])
def test_a_stopped_run_has_its_last_epoch_in_its_state(run: RunFolder, tmp_path: Path, averaged: bool) -> None:
    record(run, 3)
    name = "classifier.1.bias"
    state = {"epoch": 2, "weights": {name: torch.full((2,), 7.0)}}
    torch.save(state | ({"averaged": {name: torch.full((2,), 8.0)}} if averaged else {}), run.last_state)
    assert has_last(run)
    content = weights_of(run, Weights.LAST)
    moved, best = load(content), load_file(run.weights)
    assert moved.pop(name).tolist() == ([8.0, 8.0] if averaged else [7.0, 7.0])
    assert all(torch.equal(tensor, best[name]) for name, tensor in moved.items())
    told = header(content, tmp_path)
    assert (told["epoch"], told["val_accuracy"]) == (2, 0.4)


def test_adapters_and_damage_are_one_sentence(run: RunFolder) -> None:
    record(run, 3)
    torch.save({"epoch": 3, "weights": {"lora_A.weight": torch.zeros(2)}}, run.last_state)
    with pytest.raises(BadWeightsError, match="trains adapters"):
        weights_of(run, Weights.LAST)
    run.last_state.write_bytes(b"\0" * 50)
    with pytest.raises(BadWeightsError, match="cannot be read"):
        weights_of(run, Weights.LAST)


def test_names_are_read_or_refused() -> None:
    assert parse_weights("last") is Weights.LAST
    with pytest.raises(BadSettingError, match="must be best or last"):
        parse_weights("ema")

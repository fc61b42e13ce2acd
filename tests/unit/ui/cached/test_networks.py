"""A checkpoint is deleted and another one imported under its name: nothing of the old one is shown again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.app.finished import finished_run
from tlviz.data.images import ImageSet
from tlviz.explore.attribution.methods import Baseline, Method
from tlviz.models.build import build_module
from tlviz.models.catalogue import find_model
from tlviz.models.checkpoint import import_checkpoint
from tlviz.models.imported import delete_own
from tlviz.ui.cached import attributions, channels, looks, networks, targets

PIXELS = np.random.default_rng(0).integers(0, 255, (224, 224, 3), dtype=np.uint8)
STAGE = "fire2"


def keep(folder: Path, name: str, seed: int, classes: tuple[str, ...]) -> None:
    torch.manual_seed(seed)
    state = build_module(find_model("squeezenet1_1"), len(classes)).state_dict()
    path = folder / f"{name}-{seed}.safetensors"
    save_file({key: value.contiguous() for key, value in state.items()}, path)
    import_checkpoint(path, "squeezenet1_1", classes, name)


def pictures() -> ImageSet:
    return ImageSet(
        name="noise", title="Noise", classes=("a", "b"), labels=np.array([0, 1, 0, 1]), parts=("",) * 4,
        pixels=np.random.default_rng(1).integers(0, 255, (4, 224, 224, 3), dtype=np.uint8),
        names=("a/1", "b/1", "a/2", "b/2"), problems=(), may_flip=True,
    )  # fmt: skip


def asked(model: str) -> attributions.Asked:
    return attributions.Asked(model, "", Method.GRAD_CAM, 0, None, Baseline.MEAN)


SHOWN: dict[str, Callable[[str], Any]] = {
    "classes": lambda model: networks.network(model).classes,
    "own stages": lambda model: [stage.channels for stage in networks.own_stages(model)],
    "feature maps": lambda model: looks.seen(model, "", PIXELS).maps[STAGE],
    "guesses": lambda model: [guess.name for guess in looks.seen(model, "", PIXELS).guesses],
    "one layer": lambda model: looks.inside(model, "", PIXELS, STAGE, "features.3.squeeze").maps["features.3.squeeze"],
    "map": lambda model: attributions.explained(asked(model), PIXELS).map,
    "sweep": lambda model: attributions.swept(asked(model), PIXELS)[STAGE].map,
    "top images": lambda model: channels.top(model, None, STAGE, "v", pictures()).values,
    "grids": lambda model: channels.grids(
        model, None, STAGE, 0, "v", "#000000", channels.top(model, None, STAGE, "v", pictures()), pictures()
    ),
    "filters": lambda model: channels.filters(model, None)[1],
    "image map": lambda model: targets.projected("noise", model, "v", pictures()).places,
}
"""What pages show of a network."""


def same(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return bool(np.array_equal(first, second))
    return bool(first == second)


@pytest.mark.parametrize("what", SHOWN)
def test_a_name_that_means_another_checkpoint_shows_nothing_of_the_old_one(what: str, tmp_path: Path) -> None:
    show = SHOWN[what]
    keep(tmp_path, "mine", 0, ("ant", "bee"))
    old = show("mine")
    assert same(show("mine"), old)
    delete_own("mine")
    keep(tmp_path, "mine", 1, ("cow", "dog", "elk"))
    keep(tmp_path, "other", 1, ("cow", "dog", "elk"))
    assert same(show("mine"), show("other"))
    assert not same(show("mine"), old)


def test_the_same_weights_with_other_class_names_are_another_network(tmp_path: Path) -> None:
    keep(tmp_path, "mine", 0, ("ant", "bee"))
    assert networks.network("mine").classes == ("ant", "bee")
    delete_own("mine")
    keep(tmp_path, "mine", 0, ("cow", "dog"))
    assert networks.network("mine").classes == ("cow", "dog")


def test_a_network_is_loaded_once_for_all_pages() -> None:
    run = finished_run("head_only").name
    assert networks.network("squeezenet1_1") is networks.network("squeezenet1_1")
    assert networks.network("squeezenet1_1", run) is networks.run_network(run)
    sized = networks.network_at_source_size("squeezenet1_1", run)
    assert sized.module is networks.run_network(run).module


def test_a_run_whose_weights_were_written_again_is_loaded_again() -> None:
    run = finished_run("head_only")
    before = networks.run_network(run.name)
    content = run.weights.read_bytes()
    run.weights.unlink()
    run.weights.write_bytes(content)
    assert networks.run_network(run.name) is not before

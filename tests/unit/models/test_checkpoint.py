"""A person's own checkpoint is recognised through its wrappers, compared by name, and kept as data."""

from __future__ import annotations

import argparse
import collections
import datetime
import functools
import json
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.unit.models.served import CLASSES
from tlviz import vision
from tlviz.cli import main
from tlviz.errors import BadSettingError, BadWeightsError
from tlviz.export.bundle import bundle_bytes, load_bundle
from tlviz.export.files.scripts import build_call
from tlviz.finetune.config import configure
from tlviz.models.build import build_module
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.checkpoint import import_checkpoint, read_classes
from tlviz.models.imported import checkpoints_folder, own_models
from tlviz.models.load import build_for_target, load_network
from tlviz.models.local_weights import available_models, weights_stamp
from tlviz.models.preparation import Given
from tlviz.runs.store.folder import list_runs


def saved(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


def prefixed(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in tensors.items()}


@pytest.mark.parametrize(
    ("prefix", "nest"),
    [
        ("", ""),
        ("module.", ""),
        ("", "state_dict"),
        ("model.", "state_dict"),
        ("backbone.", "model"),
        ("net.", "model_state_dict"),
        ("encoder.", "state_dict"),
        ("module._orig_mod.model.", "model"),
    ],
)
def test_wrappers_are_taken_away(tensors: dict[str, Tensor], tmp_path: Path, prefix: str, nest: str) -> None:
    content: Any = prefixed(tensors, prefix)
    path = saved(tmp_path / "mine.pt", {nest: content, "epoch": 3} if nest else content)
    spec = import_checkpoint(path, "resnet18", CLASSES, "mine")
    assert (spec.name, spec.own, spec.bundled, spec.classes) == ("mine", True, False, CLASSES)
    assert spec == find_model("mine") == available_models()["mine"]
    loaded = load_network(spec)
    assert loaded.classes == CLASSES
    assert all(torch.equal(value, tensors[name]) for name, value in loaded.module.state_dict().items())
    assert sum(p.numel() for p in loaded.module.parameters()) == spec.parameters


def test_a_lightning_checkpoint_with_other_tensors_beside_the_network(
    tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    content = {
        "epoch": 7,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": prefixed(tensors, "model.") | {"criterion.weight": torch.ones(3)},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 0.1}]}],
        "hyper_parameters": {"lr": 0.1},
    }
    spec = import_checkpoint(saved(tmp_path / "mine.ckpt", content), "resnet18", CLASSES, "mine")
    assert torch.equal(load_network(spec).module.state_dict()["fc.bias"], tensors["fc.bias"])


def test_an_averaged_copy_goes_before_the_raw_one(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    averaged = {name: value + 1 if value.is_floating_point() else value for name, value in tensors.items()}
    path = saved(tmp_path / "mine.pt", {"model": tensors, "model_ema": averaged})
    spec = import_checkpoint(path, "resnet18", CLASSES, "mine")
    assert torch.equal(load_network(spec).module.state_dict()["fc.bias"], averaged["fc.bias"])


def test_safetensors_and_half_precision(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    halves = {name: value.half() if value.is_floating_point() else value for name, value in tensors.items()}
    save_file(halves, tmp_path / "mine.safetensors")
    spec = import_checkpoint(tmp_path / "mine.safetensors", "resnet18", CLASSES, "mine")
    weight = load_network(spec).module.state_dict()["conv1.weight"]
    assert weight.dtype == torch.float32
    assert torch.equal(weight, halves["conv1.weight"].float())


@pytest.mark.parametrize("name", ["resnet18.a1_in1k", "vit_tiny_patch16_224"])
def test_timm_architectures_and_their_own_heads(name: str, tmp_path: Path) -> None:
    spec = find_model(name)
    theirs = build_for_target(spec, CLASSES, pretrained=False, seed=2)
    path = saved(tmp_path / "mine.pt", theirs.module.state_dict())
    mine = import_checkpoint(path, name, CLASSES, "mine")
    assert (mine.provider, mine.architecture, mine.class_count) == ("timm", spec.architecture, 3)
    picture = torch.rand(1, 3, spec.preprocessing.size, spec.preprocessing.size)
    with torch.no_grad():
        assert torch.equal(load_network(mine).module(picture), theirs.module(picture))


def test_missing_and_unexpected_tensors_are_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    content = {name: value for name, value in tensors.items() if not name.startswith("layer4.")}
    path = saved(tmp_path / "mine.pt", content | {"extra.weight": torch.ones(2)})
    with pytest.raises(BadWeightsError) as caught:
        import_checkpoint(path, "resnet18", CLASSES, "mine")
    words = str(caught.value)
    assert (
        "30 missing: layer4.0.bn1.bias, layer4.0.bn1.num_batches_tracked, layer4.0.bn1.running_mean and 27 more"
        in words
    )
    assert "1 unexpected: extra.weight" in words
    assert own_models() == []


@pytest.mark.parametrize("prefix", ["", "model."])
def test_another_architecture_is_named(tmp_path: Path, prefix: str) -> None:
    other = build_for_target(MODELS["resnet34"], CLASSES, pretrained=False, seed=1).module.state_dict()
    path = saved(tmp_path / "mine.pt", prefixed(dict(other), prefix))
    with pytest.raises(BadWeightsError, match=r"unexpected: .* Its tensors fit resnet34"):
        import_checkpoint(path, "resnet18", CLASSES, "mine")
    with pytest.raises(BadSettingError, match=r"does not state its architecture; choose it\. Its tensors fit resnet34"):
        import_checkpoint(path, "", CLASSES, "mine")


def test_tensors_of_another_shape_are_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.pt", tensors | {"conv1.weight": torch.zeros(64, 1, 7, 7)})
    with pytest.raises(BadWeightsError, match=r"'conv1\.weight' is 64 x 1 x 7 x 7 instead of 64 x 3 x 7 x 7"):
        import_checkpoint(path, "resnet18", CLASSES, "mine")


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (("ant", "bee"), "has 3 classes, but 2 names were given"),
        (("ant", "bee", "ant"), "'ant' was given more than once"),
        ((), "has 3 classes but no names"),
    ],
)
def test_class_names_must_match_the_head(
    tensors: dict[str, Tensor], tmp_path: Path, classes: tuple[str, ...], words: str
) -> None:
    path = saved(tmp_path / "mine.pt", tensors)
    with pytest.raises(BadSettingError, match=words):
        import_checkpoint(path, "resnet18", classes, "mine")
    assert not checkpoints_folder().exists() or not list(checkpoints_folder().iterdir())


class Planted:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def test_a_pickle_with_code_inside_is_refused_and_does_not_run(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    mark = tmp_path / "the code ran"
    path = saved(tmp_path / "mine.pt", {"state_dict": tensors, "callback": Planted(mark)})
    with pytest.raises(BadWeightsError, match="could run code"):
        import_checkpoint(path, "resnet18", CLASSES, "mine")
    assert not mark.exists()
    torch.load(path, weights_only=False)
    assert mark.exists(), "the plant itself works"


@pytest.mark.parametrize("content", [b"", b"no weights", b"\x80\x02]."])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_what_is_no_checkpoint_is_one_sentence(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    path.write_bytes(content)
    with pytest.raises(BadWeightsError):
        import_checkpoint(path, "resnet18", CLASSES, "mine")
    with pytest.raises(BadWeightsError, match="cannot be read"):
        import_checkpoint(tmp_path / f"nowhere{suffix}", "resnet18", CLASSES, "mine")


def test_a_damaged_import_is_refused_or_left_out(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    spec = import_checkpoint(saved(tmp_path / "mine.pt", tensors), "resnet18", CLASSES, "mine")
    assert spec.weights is not None
    content = bytearray(spec.weights.read_bytes())
    content[-1] ^= 1
    spec.weights.write_bytes(content)
    with pytest.raises(BadWeightsError, match=r"damaged .* Import it again"):
        load_network(spec)
    (checkpoints_folder() / "mine" / "card.json").write_text("{")
    assert own_models() == []


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("c.txt", "ant\nbee\n\ncat\n"),
        ("c.json", '["ant", "bee", "cat"]'),
        ("c.json", '{"0": "ant", "2": "cat", "1": "bee"}'),
        ("c.json", '{"cat": 2, "ant": 0, "bee": 1}'),
    ],
)
def test_class_names_are_read(tmp_path: Path, file: str, content: str) -> None:
    (tmp_path / file).write_text(content)
    assert read_classes(tmp_path / file) == CLASSES


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("c.txt", "\n", "holds no class names"),
        ("c.json", "[1, 2]", "list of names"),
        ("c.json", "{", "cannot be read"),
        ("c.json", '{"ant": 0, "bee": 2}', "must be 0 to 1, each once"),
        ("c.json", '{"ant": "x"}', "names with their numbers"),
    ],
)
def test_class_names_that_cannot_be_read(tmp_path: Path, file: str, content: str, words: str) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(BadSettingError, match=words):
        read_classes(tmp_path / file)


def test_the_command_line_imports_uses_and_deletes(
    tensors: dict[str, Tensor], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path / "mine.pt", tensors)
    (tmp_path / "classes.txt").write_text("\n".join(CLASSES))
    arguments = ["--architecture", "resnet18", "--classes", str(tmp_path / "classes.txt"), "--name", "mine", "--json"]
    assert main(["models", "import", str(path), *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == 3
    assert main(["models", "--search", "mine", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)["models"]] == ["mine"]
    assert main(["models", "show", "mine", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stages"][-1]["name"] == "head"
    assert main(["models", "delete", "mine", "--json"]) == 0
    assert main(["models", "show", "mine"]) == 2
    assert list_runs() == []


@pytest.mark.parametrize("kind", ["nan", "integers", "complex"])
def test_numbers_that_no_network_can_run_on_are_refused(tmp_path: Path, kind: str) -> None:
    state = build_module(find_model("squeezenet1_1"), 2).state_dict()
    key = "features.0.bias"
    state[key] = {
        "nan": torch.full_like(state[key], float("nan")),
        "integers": state[key].long(),
        "complex": state[key].to(torch.complex64),
    }[kind]
    torch.save(state, tmp_path / "odd.pt")
    with pytest.raises(BadWeightsError, match=r"'features\.0\.bias' does not hold finite numbers"):
        import_checkpoint(tmp_path / "odd.pt", "squeezenet1_1", ["a", "b"], "odd")


def test_four_bytes_of_junk_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "junk.pt").write_bytes(b"junk")
    with pytest.raises(BadWeightsError):
        import_checkpoint(tmp_path / "junk.pt", "squeezenet1_1", ["a", "b"], "junk")


@pytest.mark.parametrize("rescales", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_input_rescaling_is_followed_everywhere_and_said(tmp_path: Path, rescales: bool) -> None:
    torch.manual_seed(0)
    build = vision.torchvision().models.googlenet
    theirs = build(num_classes=3, aux_logits=False, transform_input=rescales, init_weights=False).eval()
    path = saved(tmp_path / "mine.pt", theirs.state_dict())
    given = Given(transform_input=True) if rescales else Given()
    spec = import_checkpoint(path, "googlenet", CLASSES, "mine", given)
    assert spec.transform_input is rescales
    assert any("does not rescale its input" in note for note in spec.notes) is not rescales
    network = load_network(find_model("mine"))
    picture = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(network.module(picture), theirs(picture))
    config = configure("mine", "clipart", "head_only", image_size=96)
    (tmp_path / "run.safetensors").write_bytes(bundle_bytes(network, config, {}))
    assert find_model(str(tmp_path / "run.safetensors")).transform_input is rescales
    again = load_bundle(tmp_path / "run.safetensors")
    with torch.no_grad():
        assert torch.equal(again.module(picture), theirs(picture))
    assert f"transform_input={rescales}" in build_call(again.spec)


def test_rescaling_is_only_for_networks_that_can(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match="resnet18 cannot rescale its input"):
        import_checkpoint(saved(tmp_path / "a.pt", tensors), "resnet18", CLASSES, "mine", Given(transform_input=True))


def test_how_it_was_trained_is_kept_in_its_card(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.pt", tensors)
    given = Given((0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 96, "bicubic", 1.0)
    stamps = set()
    for name, values in (("mine", given), ("other", replace(given, size=128))):
        spec = import_checkpoint(path, "resnet18", CLASSES, name, values)
        stamps.add(weights_stamp(spec).partition("|")[2])
        assert (spec.preprocessing.mean, spec.preprocessing.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
        assert (spec.preprocessing.size, spec.preprocessing.interpolation) == (values.size, "bicubic")
        assert find_model(name) == spec
    unsaid = import_checkpoint(path, "resnet18", CLASSES, "unsaid")
    assert [note for note in unsaid.notes if note.startswith("Assumed, as for resnet18: mean 0.485")]
    stated = import_checkpoint(
        saved(tmp_path / "b.pt", {"sd": tensors, "cfg": {"mean": [0.1] * 3, "std": [0.2] * 3}}),
        "resnet18",
        CLASSES,
        "b",
    )
    assert stated.preprocessing.mean == (0.1, 0.1, 0.1)
    assert "are the file's own" in stated.notes[0]


@pytest.mark.parametrize("architecture", ["squeezenet1_1", "resnet18"])
def test_a_single_output_is_the_sigmoid_that_it_is(tmp_path: Path, architecture: str) -> None:
    theirs = build_module(find_model(architecture), 1).eval()
    path = saved(tmp_path / "mine.pt", {"model": theirs.state_dict(), "class_to_idx": {"cat": 0, "dog": 1}})
    spec = import_checkpoint(path, architecture, (), "mine")
    assert spec.classes == ("cat", "dog")
    assert any("read as a sigmoid" in note for note in spec.notes)
    picture = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        expected, found = theirs(picture).sigmoid()[:, 0], load_network(spec).module(picture).softmax(1)
    assert torch.allclose(found[:, 1], expected, atol=1e-6)
    assert torch.allclose(found[:, 0], 1 - expected, atol=1e-6)


def test_harmless_objects_do_not_stop_an_import(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    beside = {
        "args": argparse.Namespace(lr=0.1, out=Path("runs"), epochs=np.int64(3)),
        "history": collections.defaultdict(list, loss=[np.float64(0.1)]),
        "confusion": np.zeros((2, 2)),
        "when": datetime.datetime(2024, 1, 1),
        "collate": functools.partial(sorted, reverse=True),
        "classes": {"ant", "bee", "cat"},
        "more": types.SimpleNamespace(class_to_idx={name: np.int64(at) for at, name in enumerate(CLASSES)}),
    }
    spec = import_checkpoint(saved(tmp_path / "mine.pt", {"model": tensors, **beside}), "resnet18", (), "mine")
    assert spec.classes == CLASSES
    assert any("argparse.Namespace" in note for note in spec.notes)
    assert all(torch.equal(value, tensors[name]) for name, value in load_network(spec).module.state_dict().items())


def test_a_head_of_another_name_no_counters_and_a_network_saved_whole(tmp_path: Path) -> None:
    network = build_module(find_model("resnet18"), 3)
    network.fc = torch.nn.Sequential(torch.nn.Dropout(0.1), torch.nn.Linear(512, 3))
    state = {name: value for name, value in network.state_dict().items() if "num_batches" not in name}
    for name, content in (("named", {"net": state}), ("whole", network)):
        spec = import_checkpoint(saved(tmp_path / f"{name}.pt", content), "resnet18", CLASSES, name)
        loaded = load_network(spec).module.state_dict()
        assert torch.equal(loaded["fc.weight"], network.state_dict()["fc.1.weight"])
        assert any("'fc.1'" in note for note in spec.notes)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (torch.zeros(1).expand(10**9, 512), "made of far fewer numbers"),
        (torch.ones(3, 512).to_sparse(), "is sparse"),
        (torch.ones(3, 512, device="meta"), "without values"),
        (torch.ones(0, 512), "its head has no outputs"),
    ],
)
def test_tensors_that_cannot_be_used_are_named(
    tensors: dict[str, Tensor], tmp_path: Path, value: Tensor, words: str
) -> None:
    path = saved(tmp_path / "mine.pt", tensors | {"fc.weight": value, "fc.bias": torch.zeros(min(5, len(value)))})
    with pytest.raises(BadWeightsError, match=words):
        import_checkpoint(path, "resnet18", CLASSES, "mine")

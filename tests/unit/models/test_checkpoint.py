"""A person's own checkpoint is recognised through its wrappers, compared by name, and kept as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.unit.models.served import CLASSES
from tlviz.cli import main
from tlviz.errors import BadSettingError, BadWeightsError
from tlviz.models.build import build_module
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.checkpoint import import_checkpoint, read_classes
from tlviz.models.imported import checkpoints_folder, own_models
from tlviz.models.load import build_for_target, load_network
from tlviz.models.local_weights import available_models
from tlviz.runs.store.folder import list_runs


def saved(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


def prefixed(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in tensors.items()}


@pytest.mark.parametrize(
    "prefix", ["", "module.", "model.", "backbone.", "net.", "encoder.", "module._orig_mod.model."]
)
@pytest.mark.parametrize("nest", ["", "state_dict", "model", "model_state_dict"])
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

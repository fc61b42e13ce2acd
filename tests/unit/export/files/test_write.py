"""Every format is written, reloaded by what a person would use, and answers as the run does."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from tests.unit.export.files.bundles import CLASSES, as_module, content_of, environment, in_environment, trained
from tlviz.errors import StorageError
from tlviz.export.files import tensors, write
from tlviz.export.files.content import CannotExportError, Content, load_content
from tlviz.export.files.table import FORMATS, Format, Script
from tlviz.export.files.write import Written, write_files
from tlviz.models.catalogue import find_model
from tlviz.models.imported import exported_model
from tlviz.models.load import load_network, normalise
from tlviz.models.stages import derive_stages

SIZE = 64
TRACED = [form for form in FORMATS if form is Format.PT2 or "onnx" in form]
WEIGHTS = [form for form, spec in FORMATS.items() if spec.script is Script.TORCH and form not in TRACED]
PLAIN = [*WEIGHTS, Format.BACKBONE]
ONNX_FORMATS = [form for form, spec in FORMATS.items() if spec.script is Script.ONNX]
NETWORKS = (
    "squeezenet1_1", "tf_efficientnet_lite0", "resnet18", "mobilenet_v3_small", "convnext_tiny", "vit_b_16", "swin_t",
)  # fmt: skip


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return content_of(trained(find_model("test_resnet.r160_in1k"), SIZE), tmp_path_factory.mktemp("weights"), SIZE)


class Small(nn.Module):
    """A network of three layers: to trace one of a library takes half a minute."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 5, stride=4), nn.ReLU())
        self.body = nn.Sequential(nn.Conv2d(8, 12, 3), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(12, len(CLASSES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.flatten(self.pool(self.body(self.stem(x))), 1))


@pytest.fixture(scope="module")
def small(content: Content) -> Content:
    """Return a run's content with a small network in the place of its own."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module = Small().eval().to(memory_format=torch.channels_last)
    stages = derive_stages(module, torch.zeros(2, 3, SIZE, SIZE))
    return replace(content, network=replace(content.network, module=module, stages=stages), _made={})


@pytest.fixture(scope="module")
def bundle(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "bundle"
    write_files(content, folder, PLAIN)
    return folder


@pytest.fixture(scope="module")
def traced(small: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traced") / "bundle"
    seen: list[tuple[int, int]] = []
    written = write_files(small, folder, TRACED, lambda *step: seen.append(step))
    assert written.refused == {}
    assert list(written.files) == TRACED
    assert seen == [(at, len(TRACED)) for at in range(len(TRACED) + 1)]
    return folder


def squares(count: int, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def own_logits(content: Content, pictures: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        inputs = normalise(torch.from_numpy(pictures), content.network.spec.preprocessing)
        return content.network.module(inputs).numpy()


def test_the_folder_holds_the_files_of_the_table_and_their_companions(bundle: Path, traced: Path) -> None:
    companions = {"labels.json", "preprocessing.json", "predict.py", "requirements.txt"}
    both = companions | {"predict_onnx.py"}
    assert {path.name for path in traced.iterdir()} == {FORMATS[form].file for form in TRACED} | both
    assert {path.name for path in bundle.iterdir()} == {FORMATS[form].file for form in PLAIN} | companions
    assert "onnxruntime" not in (bundle / "requirements.txt").read_text()
    assert "onnxruntime==" in (traced / "requirements.txt").read_text()


@pytest.mark.parametrize("form", WEIGHTS)
def test_weights_answer_as_the_run_does(content: Content, bundle: Path, form: Format) -> None:
    script = as_module(bundle / "predict.py")
    model = script.load(bundle / FORMATS[form].file)
    difference = np.abs(script.logits(model, squares(3)) - own_logits(content, squares(3))).max()
    assert difference <= (0.01 if FORMATS[form].is_variant else 0)
    assert difference > 0 or not FORMATS[form].is_variant


def test_the_program_answers_as_the_run_does_in_either_layout(small: Content, traced: Path) -> None:
    script = as_module(traced / "predict.py")
    model = script.load(traced / "model.pt2")
    for count in (1, 5):
        assert np.abs(script.logits(model, squares(count)) - own_logits(small, squares(count))).max() <= 1e-6
    inputs = normalise(torch.from_numpy(squares(2)), small.network.spec.preprocessing)
    with torch.no_grad():
        assert torch.allclose(model(inputs.contiguous()), small.network.module(inputs), atol=1e-6)


@pytest.mark.parametrize("form", ONNX_FORMATS)
def test_onnx_runtime_answers_as_the_run_does(small: Content, traced: Path, form: Format) -> None:
    script = as_module(traced / "predict_onnx.py")
    model = script.load(traced / FORMATS[form].file)
    for count in (1, 3):
        found, expected = script.logits(model, squares(count)), own_logits(small, squares(count))
        assert found.dtype == np.float32
        assert np.abs(found - expected).max() <= (0.1 if FORMATS[form].is_variant else 1e-5)


def test_predict_onnx_needs_only_what_it_names(small: Content, traced: Path, tmp_path: Path) -> None:
    text = (traced / "requirements.txt").read_text()
    packages = [line.partition("==")[0] for line in text.partition("# predict_onnx.py")[2].splitlines() if "==" in line]
    site = environment(tmp_path / "site", sorted({*packages, "numpy", "pillow"}))
    assert not list(site.glob("torch*"))
    pictures = [tmp_path / f"{at} é.png" for at in range(2)]
    for path, square in zip(pictures, squares(2), strict=True):
        Image.fromarray(square).save(path)
    expected = torch.from_numpy(own_logits(small, squares(2))).softmax(1).numpy()
    for form in ONNX_FORMATS:
        name = FORMATS[form].file
        done = in_environment(site, traced / "predict_onnx.py", *map(str, pictures), "--weights", name, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        for answer, path, shares in zip(json.loads(done.stdout), pictures, expected, strict=True):
            assert answer["path"] == str(path)
            assert {one["class"] for one in answer["classes"]} == set(CLASSES)
            near = 0.02 if FORMATS[form].is_variant else 1e-5
            found = [one["probability"] for name in CLASSES for one in answer["classes"] if one["class"] == name]
            assert np.abs(found - shares).max() < near


def test_graphs_name_what_goes_in_and_out(traced: Path) -> None:
    here = str(Path(torch.__file__).parent).encode()
    for name, wanted in {
        "model.onnx": ("pixels", ["N", 3, SIZE, SIZE], "logits", ["N", len(CLASSES)]),
        "model_uint8.onnx": ("pictures", ["N", SIZE, SIZE, 3], "logits", ["N", len(CLASSES)]),
    }.items():
        model = onnx.load(traced / name)
        (given,), (taken,) = model.graph.input, model.graph.output
        shapes = [[d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim] for value in (given, taken)]
        assert (given.name, shapes[0], taken.name, shapes[1]) == wanted
        assert {entry.key: entry.value for entry in model.metadata_props}["run"] == "run-1"
    assert not any(here in path.read_bytes() for path in traced.iterdir())  # no folder of this machine


def test_the_backbone_gives_features(small: Content, traced: Path) -> None:
    inputs = normalise(torch.from_numpy(squares(2)), small.network.spec.preprocessing)
    session = onnxruntime.InferenceSession(str(traced / "backbone.onnx"), providers=["CPUExecutionProvider"])
    (features,) = session.run(["features"], {"pixels": inputs.contiguous().numpy()})
    with torch.no_grad():
        expected = small.network.module.body(small.network.module.stem(inputs)).mean((2, 3))
    assert features.shape == (2, 12)
    assert np.allclose(features, expected.numpy(), rtol=1e-4, atol=1e-4)


def test_the_backbones_weights_are_all_but_the_heads(content: Content, bundle: Path) -> None:
    whole, kept = load_file(bundle / "model.safetensors"), load_file(bundle / "backbone.safetensors")
    assert all(torch.equal(whole[name], value) for name, value in kept.items())
    head = whole.keys() - kept.keys()
    assert head
    assert all(name.startswith(tuple(content.network.stages[-1].modules)) for name in head)


def test_the_header_says_all_and_the_file_opens_as_a_source(content: Content, bundle: Path) -> None:
    path = bundle / "model.safetensors"
    with safe_open(path, "pt") as file:
        header = file.metadata()
    assert header["run"] == "run-1"
    assert header["architecture"] == "test_resnet"
    assert {"classes", "preprocessing", "training", "provider", "model"} <= header.keys()
    again = load_network(exported_model(path))
    assert again.classes == CLASSES
    assert again.spec.preprocessing == content.network.spec.preprocessing
    assert load_content(path, "other").geometry == content.geometry


def test_a_format_that_cannot_express_a_network_is_left_out_alone(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_content: Content, path: Path) -> None:
        path.write_bytes(b"half")
        raise CannotExportError("The network cannot be halved.")

    monkeypatch.setattr(tensors, "write_half_pt", refuse)
    written = write_files(content, tmp_path, [Format.PT_FLOAT16, Format.PT])
    assert written.refused == {Format.PT_FLOAT16: "The network cannot be halved."}
    assert list(written.files) == [Format.PT]
    assert not (tmp_path / "model_float16.pt").exists()


class Deciding(nn.Module):
    """A network whose way depends on the picture, which no traced program can follow."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels.mean((2, 3)) if float(pixels.sum()) > 0 else pixels.amax((2, 3))


def test_a_network_that_decides_by_its_picture_has_no_program(content: Content, tmp_path: Path) -> None:
    deciding = replace(content, network=replace(content.network, module=Deciding()), _made={})
    written = write_files(deciding, tmp_path / "out", [Format.PT2, Format.ONNX, Format.ONNX_UINT8])
    assert set(written.refused) == {Format.PT2, Format.ONNX, Format.ONNX_UINT8}
    assert all("cannot be traced by torch.export" in why and "\n" not in why for why in written.refused.values())


def test_a_missing_package_is_named(content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    fresh = content_of(content.network, tmp_path, SIZE)
    written: Written = write_files(fresh, tmp_path / "out", [Format.ONNX])
    assert "pip install onnx onnxscript" in written.refused[Format.ONNX]


def test_a_full_disk_leaves_no_half_of_a_file(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(_content: Content, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tensors, "write_pt", fill)
    with pytest.raises(StorageError):
        write.write_format(content, tmp_path, Format.PT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_of_the_promise_agrees_in_every_exact_format(name: str, tmp_path: Path) -> None:
    spec = find_model(name)
    size = spec.preprocessing.size
    content = content_of(trained(spec), tmp_path, size)
    written = write_files(
        content, tmp_path / "out", [form for form, row in FORMATS.items() if row.script and not row.is_variant]
    )
    assert not written.refused
    pictures = squares(5, size)
    torch.backends.mha.set_fastpath_enabled(False)
    expected = own_logits(content, pictures)
    torch.backends.mha.set_fastpath_enabled(True)
    for form, path in written.files.items():
        script = as_module(tmp_path / "out" / FORMATS[form].script)
        found = script.logits(script.load(path), pictures)
        assert (found.argmax(1) == expected.argmax(1)).all()
        assert np.abs(found - expected).max() <= (1e-4 if form in ONNX_FORMATS else 1e-6), form

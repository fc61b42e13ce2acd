"""Every format is written, reloaded by what a person would use, and answers as the run does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from tests.unit.export.files.bundles import CLASSES, as_module, content_of, trained
from tlviz.errors import StorageError
from tlviz.export.files import tensors, write
from tlviz.export.files.content import CannotExportError, Content, load_content
from tlviz.export.files.table import FORMATS, Format, Script
from tlviz.export.files.write import Written, write_files
from tlviz.models.catalogue import find_model
from tlviz.models.imported import exported_model
from tlviz.models.layout import as_features
from tlviz.models.load import load_network, normalise

SIZE = 64
TORCH_FORMATS = [form for form, spec in FORMATS.items() if spec.script is Script.TORCH]
ONNX_FORMATS = [form for form, spec in FORMATS.items() if spec.script is Script.ONNX]
NETWORKS = (
    "squeezenet1_1", "tf_efficientnet_lite0", "resnet18", "mobilenet_v3_small", "convnext_tiny", "vit_b_16", "swin_t",
)  # fmt: skip


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return content_of(trained(find_model("test_resnet.r160_in1k"), SIZE), tmp_path_factory.mktemp("weights"), SIZE)


@pytest.fixture(scope="module")
def bundle(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "bundle"
    seen: list[tuple[int, int]] = []
    written = write_files(content, folder, list(FORMATS), lambda *step: seen.append(step))
    assert written.refused == {}
    assert set(written.files) == set(FORMATS)
    assert seen == [(at, len(FORMATS)) for at in range(len(FORMATS) + 1)]
    return folder


def squares(count: int, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def own_logits(content: Content, pictures: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        inputs = normalise(torch.from_numpy(pictures), content.network.spec.preprocessing)
        return content.network.module(inputs).numpy()


def test_the_folder_holds_the_files_of_the_table_and_their_companions(bundle: Path) -> None:
    companions = {"labels.json", "preprocessing.json", "predict.py", "predict_onnx.py", "requirements.txt"}
    assert {path.name for path in bundle.iterdir()} == {spec.file for spec in FORMATS.values()} | companions


@pytest.mark.parametrize("form", TORCH_FORMATS)
def test_torch_answers_as_the_run_does(content: Content, bundle: Path, form: Format) -> None:
    script = as_module(bundle / "predict.py")
    model = script.load(bundle / FORMATS[form].file)
    for count in (1, 3):
        difference = np.abs(script.logits(model, squares(count)) - own_logits(content, squares(count))).max()
        assert difference <= (0.01 if FORMATS[form].is_variant else 1e-6)
    assert difference > 0 or not FORMATS[form].is_variant


def test_the_program_takes_the_plain_layout_too(content: Content, bundle: Path) -> None:
    program = torch.export.load(bundle / "model.pt2").module()
    inputs = normalise(torch.from_numpy(squares(5)), content.network.spec.preprocessing)
    with torch.no_grad():
        assert torch.allclose(program(inputs.contiguous()), content.network.module(inputs), atol=1e-5)


@pytest.mark.parametrize("form", ONNX_FORMATS)
def test_onnx_runtime_answers_as_the_run_does(content: Content, bundle: Path, form: Format) -> None:
    script = as_module(bundle / "predict_onnx.py")
    model = script.load(bundle / FORMATS[form].file)
    for count in (1, 3):
        found, expected = script.logits(model, squares(count)), own_logits(content, squares(count))
        assert found.dtype == np.float32
        assert np.abs(found - expected).max() <= (0.1 if FORMATS[form].is_variant else 1e-4)


def test_graphs_name_what_goes_in_and_out(bundle: Path) -> None:
    import onnx

    for name, wanted in {
        "model.onnx": ("pixels", ["N", 3, SIZE, SIZE], "logits", ["N", len(CLASSES)]),
        "model_uint8.onnx": ("pictures", ["N", SIZE, SIZE, 3], "logits", ["N", len(CLASSES)]),
    }.items():
        model = onnx.load(bundle / name)
        (given,), (taken,) = model.graph.input, model.graph.output
        shapes = [[d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim] for value in (given, taken)]
        assert (given.name, shapes[0], taken.name, shapes[1]) == wanted
        assert {entry.key: entry.value for entry in model.metadata_props}["run"] == "run-1"
        assert (
            str(Path(torch.__file__).parent).encode() not in (bundle / name).read_bytes()
        )  # no folder of this machine


def test_the_backbone_gives_features(content: Content, bundle: Path) -> None:
    import onnxruntime

    stage = content.network.stages[-2]
    outputs: list[torch.Tensor] = []
    end = content.network.module.get_submodule(stage.modules[-1])
    handle = end.register_forward_hook(lambda *call: outputs.append(call[-1]))
    own_logits(content, squares(2))
    handle.remove()
    inputs = normalise(torch.from_numpy(squares(2)), content.network.spec.preprocessing)
    session = onnxruntime.InferenceSession(str(bundle / "backbone.onnx"), providers=["CPUExecutionProvider"])
    (features,) = session.run(["features"], {"pixels": inputs.contiguous().numpy()})
    assert np.allclose(features, as_features(outputs[0], stage.layout).detach().numpy(), atol=1e-5)
    whole, kept = load_file(bundle / "model.safetensors"), load_file(bundle / "backbone.safetensors")
    assert 0 < len(kept) < len(whole)
    assert all(torch.equal(whole[name], value) for name, value in kept.items())
    head = {name for name in whole if name not in kept}
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


class Deciding(torch.nn.Module):
    """A network whose way depends on the picture, which no traced program can follow."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels.mean((2, 3)) if float(pixels.sum()) > 0 else pixels.amax((2, 3))


def test_a_network_that_decides_by_its_picture_has_no_program(tmp_path: Path) -> None:
    from dataclasses import replace

    content = content_of(trained(find_model("test_resnet.r160_in1k"), SIZE), tmp_path, SIZE)
    deciding = replace(content, network=replace(content.network, module=Deciding()), _made={})
    written = write_files(deciding, tmp_path / "out", [Format.PT2, Format.ONNX, Format.ONNX_UINT8])
    assert set(written.refused) == {Format.PT2, Format.ONNX, Format.ONNX_UINT8}
    assert all("cannot be traced by torch.export" in why and "\n" not in why for why in written.refused.values())


def test_a_missing_package_is_named(content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
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
    written = write_files(content, tmp_path / "out", [form for form, row in FORMATS.items() if not row.is_variant])
    assert not written.refused
    pictures = squares(5, size)
    expected = own_logits(content, pictures)
    for form, path in written.files.items():
        script = as_module(tmp_path / "out" / FORMATS[form].script)
        found = script.logits(script.load(path), pictures)
        assert (found.argmax(1) == expected.argmax(1)).all()
        assert np.abs(found - expected).max() <= (1e-4 if form in ONNX_FORMATS else 1e-6), form

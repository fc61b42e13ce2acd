"""The scripts of a bundle read any picture as tlviz does, answer as the run does, and need nothing of tlviz."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from tests.heic import HEIC
from tests.unit.export.files.bundles import CLASSES, as_module, content_of, environment, in_environment, trained
from tests.unit.export.files.renderings import renderings, tiff
from tlviz.data.pixels.depth import Depth
from tlviz.data.pixels.pictures import Fit, fit_picture, open_picture
from tlviz.export.files import scripts, tensors
from tlviz.export.files.content import Content
from tlviz.export.files.table import Script
from tlviz.export.files.tiff_module import tiff_module
from tlviz.export.predict import Picture, predict
from tlviz.finetune.config import configure
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.load import normalise
from tlviz.models.preparation import INTERPOLATIONS

FILES = [(f"{at:02d} {name}.{end}", content) for at, (name, end, content) in enumerate(renderings())]
DEPTHS = [
    {},
    {"value_range": [3000, 40000]},
    {"value_range": [-1.0, 1.5], "no_data": -9999.0},
    {"no_data": 0.0},
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("renderings")
    for name, content in FILES:
        (folder / name).write_bytes(content)
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return content_of(trained(MODELS["squeezenet1_1"], 64), tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def whole(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    tensors.write_safetensors(content, folder / "model.safetensors")
    scripts.write_companions(content, folder, list(Script))
    return folder


@pytest.fixture
def bundle(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "bundle"))


def change(bundle: Path, **values: object) -> None:
    path = bundle / "preprocessing.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def of_tlviz(path: Path, size: int, fit: Fit, interpolation: str, crop: float, depth: Depth) -> np.ndarray:
    return fit_picture(open_picture(path, depth=depth)[0], size, fit, interpolation, crop)


@pytest.mark.parametrize("depth", DEPTHS, ids=json.dumps)
def test_every_kind_of_file_becomes_the_same_square_to_the_byte(
    bundle: Path, files: list[Path], depth: dict[str, object]
) -> None:
    change(bundle, depth=depth, size=40)
    script = as_module(bundle / "predict.py")
    for path in files:
        expected = of_tlviz(path, 40, Fit.PAD, "bilinear", 0.875, Depth.from_json(depth))
        found = script.read_picture(path)
        assert found.dtype == np.uint8
        assert np.array_equal(found, expected), path.name


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_every_fit_and_interpolation_gives_the_same_square(
    bundle: Path, files: list[Path], fit: Fit, interpolation: str
) -> None:
    change(bundle, fit=fit, interpolation=interpolation, size=33, crop_fraction=0.9)
    script = as_module(bundle / "predict_onnx.py")
    for path in files[::9]:
        expected = of_tlviz(path, 33, fit, interpolation, 0.9, Depth())
        assert np.array_equal(script.read_picture(path), expected), path.name


def test_what_is_no_picture_is_one_sentence(whole: Path, tmp_path: Path) -> None:
    script = as_module(whole / "predict.py")
    (tmp_path / "words.jpg").write_text("no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "broken.png").write_bytes(FILES[0][1][:8] + b"x" * 60)
    wide = tmp_path / "wide.png"
    Image.new("1", (20_000, 5_001)).save(wide)
    for path, words in {
        tmp_path / "words.jpg": "is not a picture",
        tmp_path / "empty.png": "is not a picture",
        tmp_path / "broken.png": "cannot be decoded|is not a picture",
        tmp_path / "none.png": "does not exist",
        tmp_path: "is not a file",
        wide: "is too large",
    }.items():
        with pytest.raises(script.UnreadableError, match=words) as caught:
            script.read_picture(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_logits_are_those_of_tlviz_to_the_bit(content: Content, whole: Path, files: list[Path]) -> None:
    script = as_module(whole / "predict.py")
    squares = np.stack([script.read_picture(path) for path in files[:8]])
    with torch.no_grad():
        expected = content.network.module(normalise(torch.from_numpy(squares), content.network.spec.preprocessing))
    assert np.array_equal(script.logits(script.load(), squares), expected.numpy())
    assert np.unique(expected.numpy().argmax(1)).size > 1 or np.ptp(expected.numpy(), axis=0).max() > 0.01


def disagreements(bundle: Path, content: Content, files: list[Path]) -> list[str]:
    """Return where predict.py of a bundle says something else than the run's own network, by class or probability."""
    script = as_module(bundle / "predict.py")
    model = script.load()
    said = predict(content.network, content.geometry, [Picture(str(path), path) for path in files])
    assert not said.problems
    wrong = []
    for row in said.rows:
        ours = {guess.name: guess.probability for guess in row.guesses}
        answer = script.best_guesses(script.logits(model, script.read_picture(row.path)[None])[0])
        theirs = {guess["class"]: guess["probability"] for guess in answer}
        if any(abs(theirs.get(name, -1) - share) > 1e-5 for name, share in ours.items()):
            wrong.append(row.path)
    return wrong


def _edit(file: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(bundle: Path) -> None:
        text = (bundle / file).read_text(encoding="utf-8")
        assert old in text
        (bundle / file).write_text(text.replace(old, new), encoding="utf-8")

    return edit


CHANGES: dict[str, Callable[[Path], None]] = {
    "class order": lambda bundle: (bundle / "labels.json").write_text(json.dumps(CLASSES[::-1])) and None,
    "padding": lambda bundle: change(bundle, fit="crop"),
    "padding's colour": lambda bundle: change(bundle, fill="black"),
    "EXIF turn": _edit("predict.py", "6: Image.Transpose.ROTATE_270", "6: Image.Transpose.ROTATE_90"),
    "no EXIF turn": _edit("predict.py", "picture.transpose(TURNS[turn])", "picture"),
    "background": lambda bundle: change(bundle, background="black"),
    "interpolation": lambda bundle: change(bundle, interpolation="nearest"),
    "mean": lambda bundle: change(bundle, mean=[0.5, 0.5, 0.5]),
    "deviation": lambda bundle: change(bundle, std=[0.5, 0.5, 0.5]),
    "colours' order": _edit("predict.py", "pixels.permute(0, 3, 1, 2)", "pixels.permute(0, 3, 1, 2).flip(1)"),
    "16 bits": _edit("predict.py", "(0.0, 65535.0) if is_short", "(0.0, 255.0) if is_short"),
}


@pytest.fixture(scope="module")
def telling(files: list[Path]) -> list[Path]:
    """Return a few files that between them show every step: turned, transparent, deep, not square."""
    names = ("upright.", " exif 6.jpg", "transparent.png", "grey of 16 bits.png", "palette transparent")
    return [path for path in files if any(name in path.name for name in names)]


def test_a_bundle_agrees_with_its_run(content: Content, whole: Path, telling: list[Path]) -> None:
    assert len(telling) >= 5
    assert disagreements(whole, content, telling) == []


@pytest.mark.parametrize("name", CHANGES)
def test_one_changed_thing_is_seen(content: Content, bundle: Path, telling: list[Path], name: str) -> None:
    CHANGES[name](bundle)
    assert disagreements(bundle, content, telling)


@pytest.mark.parametrize("rescales", [True, False])
def test_whether_a_network_rescales_its_input_is_said_to_its_builder(rescales: bool) -> None:
    call = scripts.build_call(replace(MODELS["googlenet"], transform_input=rescales))
    assert f"transform_input={rescales}" in call
    assert "init_weights=False" in call


@pytest.mark.slow
@pytest.mark.parametrize("rescales", [True, False])
def test_a_network_that_rescales_its_input_does_so_in_the_script(tmp_path: Path, rescales: bool) -> None:
    content = content_of(trained(replace(MODELS["googlenet"], transform_input=rescales), 64), tmp_path)
    script, squares = _written(content, tmp_path / "bundle"), _squares(64)
    assert np.array_equal(script.logits(script.load(), squares), _expected(content, squares))


@pytest.mark.parametrize(
    ("name", "size"), [("test_vit3.r160_in1k", 96), pytest.param("test_resnet.r160_in1k", 64, marks=pytest.mark.slow)]
)
def test_a_network_of_timm_is_built_for_its_size(tmp_path: Path, name: str, size: int) -> None:
    content = content_of(trained(find_model(name), size), tmp_path, size)
    script, squares = _written(content, tmp_path / "bundle"), _squares(size)
    assert "timm==" in (tmp_path / "bundle" / "requirements.txt").read_text()
    assert np.array_equal(script.logits(script.load(), squares), _expected(content, squares))


def test_a_target_names_what_its_pictures_need_beside_pillow(content: Content, tmp_path: Path) -> None:
    spec = content.network.spec
    assert "pi-heif" not in scripts.requirements_text(spec, list(Script))
    data = tmp_path / "data"
    for name in CLASSES[::2]:
        (data / name).mkdir(parents=True)
        Image.new("RGB", (9, 9)).save(data / name / "1.png")
    settings = configure("squeezenet1_1", str(data), "full").to_json()
    here = replace(content, header=replace(content.header, training={"settings": settings}))
    assert scripts.special_needs(here) == scripts.SpecialNeeds()
    (data / CLASSES[2] / "2.jpg").write_bytes(HEIC)
    assert scripts.special_needs(here) == scripts.SpecialNeeds(heic=True)
    (data / CLASSES[2] / "3.tif").write_bytes(tiff(np.zeros((5, 6, 5), np.uint8), photometric=1))
    assert scripts.special_needs(here) == scripts.SpecialNeeds(heic=True, deep_tiff=True)
    folder = tmp_path / "bundle"
    folder.mkdir()
    scripts.write_companions(here, folder, [Script.ONNX])
    assert "pi-heif==" in (folder / "requirements.txt").read_text()
    assert (folder / "tiff_reading.py").exists()
    gone = replace(content.header, training={"settings": {**settings, "data": "/no"}})
    assert scripts.special_needs(replace(content, header=gone)) == scripts.SpecialNeeds()


BANDS = np.random.default_rng(0).integers(0, 65536, (9, 14, 5)).astype(np.uint16)
BEYOND_PILLOW = {
    "five bands": tiff(BANDS, photometric=1),
    "five bands of 8 bits": tiff((BANDS >> 8).astype(np.uint8), photometric=1),
    "three bands of floats": tiff(BANDS[..., :3].astype(np.float32), photometric=1),
    "floats of 64 bits": tiff(BANDS[..., :1].astype(np.float64)),
    "two bands": tiff(BANDS[..., :2], photometric=1),
}


@pytest.mark.parametrize(
    "depth", [{}, {"bands": [3, 2, 1], "value_range": [500.0, 50000.0]}, {"no_data": 0.0}], ids=json.dumps
)
def test_tiff_files_that_pillow_refuses_are_read_with_the_reader_beside_the_script(
    bundle: Path, files: list[Path], tmp_path: Path, depth: dict[str, object]
) -> None:
    change(bundle, depth=depth, size=40)
    alone = as_module(bundle / "predict.py")
    whole = [path for path in files if path.suffix == ".tif" and "16 bits" in path.name]
    for name, content in BEYOND_PILLOW.items():
        path = tmp_path / f"{name}.tif"
        path.write_bytes(content)
        with pytest.raises(alone.UnreadableError):
            alone.read_picture(path)
        if "bands" not in depth or "two" not in name:
            whole.append(path)
    (bundle / "tiff_reading.py").write_text(tiff_module())
    script = as_module(bundle / "predict.py")
    for path in whole:
        expected = of_tlviz(path, 40, Fit.PAD, "bilinear", 0.875, Depth.from_json(depth))
        assert np.array_equal(script.read_picture(path), expected), path.name
    if "bands" in depth:
        with pytest.raises(script.UnreadableError, match="there is no band 3"):
            script.read_picture(tmp_path / "two bands.tif")


def _written(content: Content, folder: Path) -> ModuleType:
    folder.mkdir()
    tensors.write_pt(content, folder / "model.pt")
    scripts.write_companions(content, folder, [Script.TORCH])
    return as_module(folder / "predict.py")


def _squares(size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, size, size, 3), dtype=np.uint8)


def _expected(content: Content, squares: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        logits = content.network.module(normalise(torch.from_numpy(squares), content.network.spec.preprocessing))
    return logits.numpy()


@pytest.fixture(scope="module")
def named(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return an environment that has only what the bundle names for predict.py."""
    text = (whole / "requirements.txt").read_text().partition("# predict_onnx.py")[0]
    packages = [line.partition("==")[0] for line in text.splitlines() if "==" in line]
    assert packages == ["numpy", "pillow", "safetensors", "torch", "torchvision"]
    yield environment(tmp_path_factory.mktemp("named") / "site", packages)


@pytest.mark.slow
def test_predict_needs_only_what_it_names(content: Content, whole: Path, named: Path, telling: list[Path]) -> None:
    words = whole / "labels.json"
    done = in_environment(named, whole / "predict.py", *map(str, telling), str(words), "--json")
    assert done.stderr == ""
    *answers, last = json.loads(done.stdout)
    assert done.returncode == 1  # the last one is no picture
    assert last == {"path": str(words), "error": f"{words} is not a picture that Pillow can open here"}
    said = predict(content.network, content.geometry, [Picture(str(path), path) for path in telling])
    for answer, row in zip(answers, said.rows, strict=True):
        assert answer["path"] == row.path
        assert [guess["class"] for guess in answer["classes"]] == [guess.name for guess in row.guesses]
        assert answer["classes"][0]["probability"] == pytest.approx(row.guesses[0].probability, abs=1e-5)

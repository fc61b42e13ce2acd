"""The scripts of a bundle read any picture as tlviz does, answer as the run does, and need nothing of tlviz."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from tests.unit.export.files.bundles import CLASSES, as_module, content_of, environment, trained
from tests.unit.export.files.renderings import renderings
from tlviz.data.pixels.depth import Depth
from tlviz.data.pixels.pictures import Fit, fit_picture, open_picture
from tlviz.export.files import scripts, tensors
from tlviz.export.files.content import Content
from tlviz.export.files.table import Script
from tlviz.export.predict import Picture, predict
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


@pytest.mark.parametrize("rescales", [True, pytest.param(False, marks=pytest.mark.slow)])
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


def in_environment(site: Path, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process that sees one folder of packages and the standard library, and nothing else."""
    program = (
        "import importlib.util, runpy, sys; sys.path.insert(0, sys.argv[1]); sys.argv = sys.argv[2:]\n"
        "assert importlib.util.find_spec('tlviz') is None\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(site), str(script), *arguments],
        cwd=script.parent, capture_output=True, text=True, check=False, encoding="utf-8", env={"PYTHONUTF8": "1"},
    )  # fmt: skip


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

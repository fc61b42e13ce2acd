"""The range of a set is found once, said, remembered, and the same for all its pictures."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.data.pixels.tiffs import tiff
from tlviz.data.images import load_images
from tlviz.data.pixels import ranges
from tlviz.data.pixels.deep import Span
from tlviz.data.pixels.depth import AS_STORED, Depth
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.pixels.ranges import common_range, is_deep_file

PLAIN = Geometry(32, Fit.PAD, "nearest", 1.0)


def target(root: Path, top: int = 4095, **made: object) -> Path:
    """Return two classes of three deep pictures, the brightest value of which is ``top``, and one of 8 bits."""
    for label, share in (("dark", 0.25), ("light", 1)):
        (root / label).mkdir(parents=True)
        for at in range(3):
            values = np.linspace(0, top * share, 32 * 32).reshape(32, 32).astype(np.uint16)
            (root / label / f"{at}.tif").write_bytes(tiff(values, **made))  # type: ignore[arg-type]
        Image.new("L", (32, 32), 100).save(root / label / "plain.png")
    return root


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([Span(0, 4000, "u"), Span(100, 3000, "u")], (0, 4095)),
        ([Span(0, 65000, "u")], (0, 65535)),
        ([Span(7000, 9000, "u")], (7000, 9000)),
        ([Span(0, 0.9, "f")], (0, 1)),
        ([Span(-4, 6, "f"), Span(0, 2, "f")], (-4, 6)),
        ([Span(-100, 4000, "i")], (-100, 4000)),
        ([Span(5, 5, "i")], (5, 6)),
        ([Span(np.inf, -np.inf, "f")], None),
        ([], None),
    ],
)
def test_one_range_for_all(spans: list[Span], found: tuple[float, float] | None) -> None:
    assert common_range(spans) == found


def test_twelve_bits_keep_their_levels_and_their_order(tmp_path: Path) -> None:
    images = load_images(str(target(tmp_path / "x")), PLAIN)
    assert images.depth == Depth((0, 4095))
    brightest = {name: int(images.pixels[at].max()) for at, name in enumerate(images.names)}
    assert (brightest["light/0.tif"], brightest["dark/0.tif"]) == (255, 64)
    assert len(np.unique(images.pixels[images.names.index("light/0.tif")])) == 256
    assert (np.asarray(images.pixels[images.names.index("light/plain.png")]) == 100).all()
    (problem,) = images.problems
    assert problem.problem.startswith("6 pictures have over 8 bits a value or other bands: values from 0 to 4,095")
    assert "--value-range" in problem.action


def test_it_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = target(tmp_path / "x")
    load_images(str(root), PLAIN)
    monkeypatch.setattr(ranges, "is_deep_file", lambda *_: pytest.fail("a file was looked into again"))
    assert load_images(str(root), PLAIN).depth == Depth((0, 4095))


def test_a_declared_range_goes_before_the_sets_own(tmp_path: Path) -> None:
    root = target(tmp_path / "x")
    chosen = Geometry(32, Fit.PAD, "nearest", 1.0, Depth((0, 8190)))
    images = load_images(str(root), chosen)
    assert images.depth.value_range == (0, 8190)
    assert images.pixels[images.names.index("light/0.tif")].max() == 128


def test_a_run_of_an_earlier_version_reads_what_it_read(tmp_path: Path) -> None:
    images = load_images(str(target(tmp_path / "x")), PLAIN, find_range=False)
    assert images.depth == AS_STORED
    assert images.pixels[images.names.index("light/0.tif")].max() == 16


def test_without_deep_pictures_nothing_changes(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / "x" / label).mkdir(parents=True)
        Image.new("RGB", (8, 8), "red").save(tmp_path / "x" / label / "1.png")
    chosen = Geometry(32, Fit.PAD, "nearest", 1.0, Depth((0, 9), (3, 2, 1), -1.0))
    assert load_images(str(tmp_path / "x"), chosen).depth == AS_STORED
    assert PLAIN.to_json() == {"size": 32, "fit": "pad", "interpolation": "nearest", "crop_fraction": 1.0}
    assert Geometry.from_json(chosen.to_json()) == chosen
    assert Geometry.from_json(PLAIN.to_json()) == PLAIN


def test_several_bands_and_no_data_are_said(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / "x" / label).mkdir(parents=True)
        values = (np.arange(5 * 64).reshape(8, 8, 5) * 10).astype(np.int16)
        values[0] = -9999
        (tmp_path / "x" / label / "1.tif").write_bytes(tiff(values))
    images = load_images(str(tmp_path / "x"), PLAIN)
    assert images.depth.no_data == -9999
    assert (np.asarray(images.pixels[0])[0] == 255).all()
    words = images.problems[0].problem
    assert "-9999 is taken for no data and is white" in words
    assert "2 have 5 bands; the first three are used as red, green and blue" in words


@pytest.mark.parametrize(
    ("content", "deep"),
    [
        (tiff(np.zeros((4, 4), np.uint16)), True),
        (tiff(np.zeros((4, 4, 3), np.uint8)), False),
        (b"P5 2 2 4095\n" + bytes(8), True),
        (b"P5 2 2 255\n" + bytes(4), False),
        (b"P2 2 2 4095\n1 2 3 4", True),
        (b"Pf 1 1 -1.0\n" + bytes(4), True),
        (b"II*\0", False),
        (b"hello", False),
        (b"", False),
    ],
)
def test_which_files_are_deep(content: bytes, deep: bool, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    assert is_deep_file(tmp_path / "x") is deep


def test_a_jpeg_2000_box_that_claims_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full((16, 16), 4000, np.uint16)).save(buffer, "JPEG2000")
    good = buffer.getvalue()
    file = tmp_path / "x.jp2"
    file.write_bytes(good)
    assert is_deep_file(file)
    at = good.index(b"jp2h")
    file.write_bytes(good[: at - 4] + b"\0\0\0\1jp2h" + (96 * 2**30).to_bytes(8, "big") + good[at + 4 :])
    assert not is_deep_file(file)

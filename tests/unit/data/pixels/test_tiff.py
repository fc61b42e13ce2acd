"""TIFF files of any kind of value, packing and order give the numbers that were written."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.unit.data.pixels.tiffs import tiff
from tlviz.data.pixels.depth import AS_STORED, Depth
from tlviz.data.pixels.pictures import open_picture
from tlviz.data.pixels.tiff import band_words, is_deep, read_page, read_values
from tlviz.errors import BadPictureError, TooLargeError

KINDS = ["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8"]


def values(kind: str, bands: int = 5, height: int = 21, width: int = 37) -> NDArray[Any]:
    numbers = np.random.default_rng(0).random((height, width, bands)) * 100
    return (numbers - 50 if kind[0] in "if" else numbers).astype(kind)


def read(content: bytes, depth: Depth = AS_STORED) -> NDArray[Any]:
    page = read_page(io.BytesIO(content))
    assert page is not None
    deep, is_truncated = read_values(content, page, depth, "x.tif")
    assert not is_truncated
    return deep.values


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("compression", "predictor"), [(1, 1), (5, 1), (5, 2), (8, 2), (8, 3), (32773, 1), (50000, 1)])
@pytest.mark.parametrize("layout", [{}, {"planar": True}, {"tile": 16}, {"rows": 8}], ids=str)
def test_every_kind_of_file_gives_what_was_written(
    kind: str, order: str, compression: int, predictor: int, layout: dict[str, Any]
) -> None:
    if (predictor == 3) != (kind[0] == "f") and predictor != 1:
        pytest.skip("a predictor of the other kind of number")
    wanted = values(kind)
    content = tiff(wanted, order=order, compression=compression, predictor=predictor, **layout)
    assert np.array_equal(read(content), wanted[..., :3])
    assert np.array_equal(read(content, Depth(bands=(4, 3, 2))), wanted[..., [3, 2, 1]])
    assert np.array_equal(read(content, Depth(bands=(5, 5, 5))), wanted[..., 4])


@pytest.mark.parametrize("bits", [2, 4, 10, 12, 14, 24])
def test_values_that_are_no_whole_bytes(bits: int) -> None:
    wanted = (values("u4", 1) / 100 * (2**bits - 1)).astype("u4")
    assert np.array_equal(read(tiff(wanted, bits=bits)), wanted[..., 0])


def test_a_file_cut_off_is_read_as_far_as_it_goes() -> None:
    whole = tiff(values("u2"), rows=4)
    page = read_page(io.BytesIO(whole))
    assert page is not None
    deep, is_truncated = read_values(whole[: len(whole) // 2], page, AS_STORED, "x.tif")
    assert is_truncated
    assert np.array_equal(deep.values[:8], values("u2")[:8, :, :3])
    assert not deep.values[-4:].any()


@pytest.mark.parametrize(
    ("made", "deep"),
    [
        ({"values": values("u1", 1)}, False),
        ({"values": values("u1", 3)}, False),
        ({"values": values("u1", 4), "photometric": 2, "extra": [2]}, False),
        ({"values": values("u1", 5)}, True),
        ({"values": values("u1", 4)}, True),
        ({"values": values("u2", 1)}, True),
        ({"values": values("i1", 1)}, True),
        ({"values": values("f4", 1)}, True),
    ],
)
def test_only_what_pillow_cannot_read_in_full_is_read_here(made: dict[str, Any], deep: bool) -> None:
    page = read_page(io.BytesIO(tiff(**made)))
    assert page is not None
    assert is_deep(page, AS_STORED) is deep


def test_bands_that_were_guessed_are_said() -> None:
    def said(bands: int, depth: Depth = AS_STORED, **made: Any) -> str | None:
        page = read_page(io.BytesIO(tiff(values("u2", bands), **made)))
        assert page is not None
        return band_words(page, depth)

    assert said(1) is said(3) is said(2, extra=[2]) is None
    assert said(5) == "5 bands; the first three are used as red, green and blue"
    assert said(2) == "2 bands; the first is used as grey"
    assert said(5, Depth(bands=(4, 3, 2))) is None


def test_what_cannot_be_read_is_one_sentence() -> None:
    with pytest.raises(BadPictureError, match="has 5 bands, so there is no band 7; choose others with --bands"):
        open_picture(tiff(values("u2")), "x.tif", Depth(bands=(7, 1, 1)))
    with pytest.raises(BadPictureError, match="TIFF compression 34712"):
        open_picture(tiff(values("u2")).replace(b"\3\1\3\0\1\0\0\0\1\0", b"\3\1\3\0\1\0\0\0\x98\x87"), "x.tif")
    large = tiff(values("u2", 1))
    at = large.index(b"\1\1\4\0\1\0\0\0")  # the height
    with pytest.raises(TooLargeError, match="megapixels"):
        open_picture(large[: at + 8] + (2**24).to_bytes(4, "little") + large[at + 12 :], "x.tif")


def test_a_turned_deep_picture_is_upright() -> None:
    content = tiff(np.array([[0, 65535]], np.uint16), orientation=6)
    assert np.asarray(open_picture(content)[0])[..., 0].tolist() == [[0], [255]]


def test_a_smaller_copy_of_the_picture_is_no_second_page() -> None:
    def pages(kind: int) -> bytes:
        first, second = Image.new("I;16", (8, 8)), Image.new("I;16", (4, 4))
        buffer = io.BytesIO()
        second.encoderinfo = {"tiffinfo": {254: kind}}
        first.save(buffer, "TIFF", save_all=True, append_images=[second])
        return buffer.getvalue()

    for kind, is_animated in ((0, True), (1, False), (4, False)):
        page = read_page(io.BytesIO(pages(kind)))
        assert page is not None
        assert page.is_animated is is_animated

"""From any picture file to upright RGB, and from there to a square."""

import io
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from tlviz.data.pixels import pictures
from tlviz.data.pixels.pictures import Fit, Pixels, fit_picture, open_picture
from tlviz.errors import BadPictureError

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def encode(image: Image.Image, picture_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, picture_format, **options)
    return buffer.getvalue()


def noise(height: int = 64, width: int = 64) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def decoded(content: bytes) -> NDArray[np.int64]:
    image, _ = open_picture(content)
    assert image.mode == "RGB"
    return np.asarray(image).astype(np.int64)


def black_png(width: int, height: int) -> bytes:
    """A 1-bit PNG written by hand, since drawing one of this size takes seconds."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(height * (1 + (width + 7) // 8)), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
def no_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: ImageFile.ImageFile) -> None:
        raise AssertionError("the picture was decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", refuse)


@pytest.fixture
def two_halves() -> Iterator[Image.Image]:
    """Left half red, right half blue: 40 wide, 20 high."""
    image = Image.new("RGB", (40, 20), RED)
    image.paste(BLUE, (20, 0, 40, 20))
    yield image


@pytest.mark.parametrize("picture_format", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_keep_every_pixel(picture_format: str) -> None:
    values = noise()
    assert np.array_equal(decoded(encode(Image.fromarray(values), picture_format)), values)


@pytest.mark.parametrize("picture_format", ["JPEG", "WEBP", "GIF"])
def test_other_formats_keep_the_picture(picture_format: str, two_halves: Image.Image) -> None:
    content = encode(two_halves, picture_format, **({"quality": 95} if picture_format != "GIF" else {}))
    image, oddity = open_picture(content)
    values = np.asarray(image).astype(int)
    assert oddity is None
    assert np.abs(values[10, 5] - RED).max() <= 12
    assert np.abs(values[10, 35] - BLUE).max() <= 12


def test_a_file_opens_like_its_bytes(tmp_path: Path) -> None:
    values = noise()
    path = tmp_path / "a picture.png"
    Image.fromarray(values).save(path)
    image, oddity = open_picture(path)
    assert oddity is None
    assert np.array_equal(np.asarray(image), values)


def test_not_a_picture_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("not a picture at all")
    with pytest.raises(BadPictureError, match=r"notes\.png is not a picture .* JPEG") as caught:
        open_picture(path)
    assert "\n" not in str(caught.value)


def test_bytes_are_called_by_the_given_name() -> None:
    with pytest.raises(BadPictureError, match=r"^upload 3 is not a picture"):
        open_picture(b"nothing", "upload 3")
    with pytest.raises(BadPictureError, match=r"^the picture is not a picture"):
        open_picture(b"nothing")


@pytest.mark.parametrize("content", [b"<svg></svg>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF0000WEBP"])
def test_a_signature_alone_is_no_picture(content: bytes) -> None:
    with pytest.raises(BadPictureError, match=r"^upload (is not a picture|is damaged)"):
        open_picture(content, "upload")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    with pytest.raises(BadPictureError, match=r"empty\.jpg is not a picture"):
        open_picture(path)


def test_a_format_outside_the_list_is_refused() -> None:
    with pytest.raises(BadPictureError, match="use JPEG, PNG, BMP, GIF, WEBP, TIFF, AVIF, HEIC, JPEG 2000 or PPM"):
        open_picture(encode(Image.new("RGB", (16, 16)), "ICO"), "icon")


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "BMP"])
def test_a_header_alone_is_damaged_or_no_picture(picture_format: str) -> None:
    content = encode(Image.fromarray(noise()), picture_format)[:24]
    with pytest.raises(BadPictureError, match=r"^cut (is damaged|is not a picture)"):
        open_picture(content, "cut")
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_a_truncated_jpeg_is_decoded_as_far_as_it_goes() -> None:
    content = encode(Image.fromarray(noise(128, 128)), "JPEG", quality=95)
    whole = decoded(content)
    image, oddity = open_picture(content[: len(content) // 2])
    part = np.asarray(image).astype(int)
    assert oddity is not None
    assert "truncated" in oddity
    assert part.shape == whole.shape
    assert np.array_equal(part[:40], whole[:40])
    assert not np.array_equal(part[-16:], whole[-16:])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_the_switch_for_truncated_files_is_off_again_where_they_stay_unreadable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bool] = []

    def fail(self: ImageFile.ImageFile) -> None:
        seen.append(ImageFile.LOAD_TRUNCATED_IMAGES)
        raise OSError("image file is truncated")

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(BadPictureError, match=r"damaged .*truncated.*replace the file"):
        open_picture(encode(Image.new("RGB", (8, 8)), "BMP"), "x")
    assert seen == [False, True]
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_a_truncated_file_is_reported_while_another_one_is_being_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encode(Image.fromarray(noise(128, 128)), "JPEG")
    content = content[: len(content) // 2]
    held, release = threading.Event(), threading.Event()
    real_load = ImageFile.ImageFile.load

    def load(self: ImageFile.ImageFile) -> object:
        if ImageFile.LOAD_TRUNCATED_IMAGES and threading.current_thread().name == "first":
            held.set()
            release.wait(0.5)  # ends by itself where the second thread waits for the first
        return real_load(self)

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    oddities: dict[str, str | None] = {}

    def decode() -> None:
        oddities[threading.current_thread().name] = open_picture(content)[1]

    first, second = threading.Thread(target=decode, name="first"), threading.Thread(target=decode, name="second")
    first.start()
    while first.is_alive() and not held.wait(0.01):
        pass
    second.start()
    second.join(0.3)
    release.set()
    first.join()
    second.join()
    assert {name: "truncated" in (oddity or "") for name, oddity in oddities.items()} == {"first": True, "second": True}


def test_a_huge_picture_is_refused_without_decoding_it(no_loading: None) -> None:
    content = black_png(20_000, 20_000)
    assert len(content) < 1_000_000
    start = time.perf_counter()
    with pytest.raises(BadPictureError, match=r"^huge is too large .*below 100 megapixels"):
        open_picture(content, "huge")
    assert time.perf_counter() - start < 0.5


def test_a_picture_just_over_the_limit_is_refused_with_its_size(no_loading: None) -> None:
    with pytest.raises(BadPictureError, match=r"too large .12,000 x 9,000 pixels"):
        open_picture(black_png(12_000, 9_000), "large")


def test_the_limit_itself_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 200)
    assert open_picture(black_png(20, 10))[0].size == (20, 10)
    with pytest.raises(BadPictureError, match="too large"):
        open_picture(black_png(20, 11))


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE, WHITE)]
    image, oddity = open_picture(encode(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert oddity is not None
    assert "first frame" in oddity
    assert image.size == (16, 16)
    assert (np.asarray(image) == RED).all()


def test_a_truncated_animation_is_decoded_or_refused() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE, WHITE)]
    content = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    for length in range(len(content)):
        try:
            image, _ = open_picture(content[:length], "cut")
        except BadPictureError:
            continue
        assert image.size == (8, 8)


def test_grey_becomes_three_equal_channels() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(decoded(encode(Image.fromarray(grey), "PNG")), np.repeat(grey[..., None], 3, axis=2))


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF", "PPM"])
def test_sixteen_bit_grey_is_scaled_and_not_clipped(picture_format: str) -> None:
    grey = np.array([[65535, 32768], [60000, 0]], dtype=np.uint16)
    values = decoded(encode(Image.fromarray(grey), picture_format))
    assert values[..., 0].tolist() == [[255, 128], [233, 0]]  # 60000 / 257 = 233.46
    assert (values == values[..., :1]).all()


def test_a_dark_sixteen_bit_picture_stays_dark() -> None:
    grey = np.array([[0, 257 * 10]], dtype=np.uint16)
    assert decoded(encode(Image.fromarray(grey), "PNG"))[..., 0].tolist() == [[0, 10]]


def test_float_grey_is_scaled_by_its_own_range() -> None:
    grey = np.array([[-1.0, 0.0, 1.0]], dtype=np.float32)
    assert decoded(encode(Image.fromarray(grey), "TIFF"))[..., 0].tolist() == [[0, 128, 255]]


def test_a_constant_float_picture_does_not_divide_by_zero() -> None:
    assert (decoded(encode(Image.fromarray(np.full((2, 2), 7.5, dtype=np.float32)), "TIFF")) == 0).all()


def test_cmyk_becomes_the_same_colours(two_halves: Image.Image) -> None:
    values = decoded(encode(two_halves.convert("CMYK"), "JPEG", quality=95))
    assert np.abs(values[10, 5] - RED).max() <= 12
    assert np.abs(values[10, 35] - BLUE).max() <= 12


def test_transparency_becomes_white_and_half_of_it_half_white() -> None:
    rgba = np.array([[[255, 0, 0, 255], [0, 0, 0, 0], [0, 0, 0, 128]]], dtype=np.uint8)
    values = decoded(encode(Image.fromarray(rgba), "PNG"))
    assert values[0, :2].tolist() == [list(RED), list(WHITE)]
    assert np.abs(values[0, 2] - 127).max() <= 1


def test_a_transparent_palette_colour_becomes_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpixel((1, 0), 1)
    image.putpalette([*RED, *BLUE])
    assert decoded(encode(image, "PNG", transparency=0))[0].tolist() == [list(WHITE), list(BLUE)]
    assert decoded(encode(image, "PNG"))[0].tolist() == [list(RED), list(BLUE)]


def test_a_transparent_grey_becomes_white() -> None:
    grey = np.array([[0, 100]], dtype=np.uint8)
    assert decoded(encode(Image.fromarray(grey), "PNG", transparency=0))[0, :, 0].tolist() == [255, 100]


def test_a_transparent_sixteen_bit_grey_becomes_white() -> None:
    grey = np.array([[0, 65535 // 2]], dtype=np.uint16)
    assert decoded(encode(Image.fromarray(grey), "PNG", transparency=0))[0, :, 0].tolist() == [255, 127]


@pytest.mark.parametrize(("orientation", "top_left"), [(1, RED), (3, BLUE), (6, RED), (8, BLUE)])
def test_a_turned_photograph_is_upright(orientation: int, top_left: tuple[int, ...], two_halves: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image, oddity = open_picture(encode(two_halves, "JPEG", exif=exif, quality=95))
    values = np.asarray(image).astype(int)
    assert oddity is None
    assert image.size == ((40, 20) if orientation in {1, 3} else (20, 40))
    assert np.abs(values[4, 4] - top_left).max() <= 12
    assert np.abs(values[-4, -4] - (BLUE if top_left == RED else RED)).max() <= 12


def test_exif_with_a_tag_of_the_wrong_type_still_opens(two_halves: Image.Image) -> None:
    orientation = struct.pack("<HHII", 0x0112, 3, 1, 6)
    resolution_unit = struct.pack("<HHII", 0x0128, 5, 1, 38)  # a fraction where a whole number belongs
    directory = struct.pack("<H", 2) + orientation + resolution_unit + struct.pack("<III", 0, 5, 2)
    exif = b"Exif\0\0" + struct.pack("<2sHI", b"II", 42, 8) + directory
    image, _ = open_picture(encode(two_halves, "JPEG", exif=exif), "photo")
    assert image.mode == "RGB"
    assert image.size in {(20, 40), (40, 20)}


def test_padding_keeps_the_aspect_ratio_and_cuts_nothing_off() -> None:
    image = Image.new("RGB", (200, 100), RED)
    image.paste(BLUE, (0, 0, 20, 100))
    image.paste(BLUE, (180, 0, 200, 100))
    square = fit_picture(image, 100, Fit.PAD, "nearest", 0.5)
    assert square.shape == (100, 100, 3)
    assert square.dtype == np.uint8
    assert (square[:25] == 255).all()
    assert (square[75:] == 255).all()
    assert (square[25:75, :10] == BLUE).all()
    assert (square[25:75, 10:90] == RED).all()
    assert (square[25:75, 90:] == BLUE).all()


def test_padding_centres_an_upright_picture() -> None:
    square = fit_picture(Image.new("RGB", (10, 40), RED), 40, Fit.PAD, "bilinear", 1.0)
    assert (square[:, 15:25] == RED).all()
    assert (square[:, :15] == 255).all()
    assert (square[:, 25:] == 255).all()


def test_padding_leaves_a_square_picture_of_the_right_size_alone() -> None:
    values = noise(32, 32)
    assert np.array_equal(fit_picture(Image.fromarray(values), 32, Fit.PAD, "bicubic", 0.875), values)


def test_cropping_takes_the_centre() -> None:
    values = noise(100, 200)
    square = fit_picture(Image.fromarray(values), 50, Fit.CROP, "nearest", 0.5)
    # half of the shorter side is 50 pixels: rows 25 to 74, columns 75 to 124
    assert np.array_equal(square, values[25:75, 75:125])


def test_cropping_all_of_the_shorter_side_averages_blocks() -> None:
    values = noise(40, 80)
    square = fit_picture(Image.fromarray(values), 20, Fit.CROP, "box", 1.0)
    expected = values[:, 20:60].reshape(20, 2, 20, 2, 3).mean(axis=(1, 3))
    assert np.abs(square - expected).max() <= 1


def test_the_interpolation_is_the_one_asked_for() -> None:
    image = Image.fromarray(noise(16, 16))
    made = [fit_picture(image, 24, Fit.PAD, name, 1.0) for name in ("nearest", "bilinear", "bicubic")]
    assert not np.array_equal(made[0], made[1])
    assert not np.array_equal(made[1], made[2])
    assert {tuple(pixel) for pixel in made[0].reshape(-1, 3)} <= {tuple(p) for p in np.asarray(image).reshape(-1, 3)}


@pytest.mark.parametrize("size", [(1, 500), (500, 1), (1, 1)])
@pytest.mark.parametrize("fit", Fit)
def test_a_picture_one_pixel_wide_does_not_crash(size: tuple[int, int], fit: Fit) -> None:
    square = fit_picture(Image.new("RGB", size, RED), 32, fit, "bilinear", 0.875)
    assert square.shape == (32, 32, 3)
    assert (square == RED).all(axis=2).any()


def _sixteen_bit_png(pixels: Pixels) -> bytes:
    """Write uint8 (H, W, 4) as a PNG of 16 bits a value: Pillow writes none."""
    rows = b"".join(b"\0" + (row.astype(">u2") * 257).tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, 6, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _palette_png(colours: Pixels) -> bytes:
    paletted = Image.fromarray(colours).quantize(8)
    return encode(paletted, "PNG", transparency=b"\0" * 8)


@pytest.mark.parametrize("kind", ["RGBA", "LA", "16 bits", "palette"])
def test_a_picture_that_is_transparent_everywhere_shows_its_colours_and_says_so(kind: str) -> None:
    colours = noise()
    clear = np.dstack([colours, np.zeros(colours.shape[:2], np.uint8)])
    content = {
        "RGBA": lambda: encode(Image.fromarray(clear), "PNG"),
        "LA": lambda: encode(Image.fromarray(clear[..., [0, 3]]), "PNG"),
        "16 bits": lambda: _sixteen_bit_png(clear),
        "palette": lambda: _palette_png(colours),
    }[kind]()
    wanted = {"LA": colours[..., :1].repeat(3, -1)}.get(kind, colours)
    if kind == "palette":
        wanted = np.asarray(Image.fromarray(colours).quantize(8).convert("RGB"))
    assert np.array_equal(decoded(content), wanted)
    assert pictures.INVISIBLE in str(pictures.decode_picture(content, "it").notes())


def test_one_visible_pixel_leaves_the_rest_white() -> None:
    clear = np.dstack([noise(), np.zeros((64, 64), np.uint8)])
    clear[0, 0, 3] = 255
    result = decoded(encode(Image.fromarray(clear), "PNG"))
    assert (result[1:] == 255).all()
    assert np.array_equal(result[0, 0], clear[0, 0, :3])

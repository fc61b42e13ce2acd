"""The scripts that read pictures, in a real browser and without a network: the very pixels that tlviz sees."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Page

from tests.app.browser import browser
from tests.app.demo_page import (
    GEOMETRY,
    READING,
    SCRIPTS,
    SIDE,
    drawing,
    exif,
    noise,
    png,
    saved,
    square_of,
)
from tlviz.data.pixels.depth import Depth
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit, Pixels
from tlviz.export.demo import resizes_tall_first
from tlviz.models.preparation import INTERPOLATIONS


def other_profile() -> bytes:
    """Return a colour profile that calls red green: who follows it sees other colours."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)


def seen_by(page: Page, files: dict[str, bytes], geometry: Geometry) -> dict[str, Pixels]:
    """Return the squares that the page's own scripts make of files, without its network."""
    script = "\n".join((SCRIPTS / f"{name}.js").read_text(encoding="utf-8") for name in READING)
    setup = geometry.to_json() | {"depth": geometry.depth.to_json(), "tall_first": resizes_tall_first()}
    made = page.evaluate(
        f"""async ([files, setup]) => {{ {script}
          const made = {{}};
          for (const [name, text] of Object.entries(files)) {{
            const file = new File([Uint8Array.from(atob(text), letter => letter.charCodeAt(0))], name);
            const {{ picture }} = await openPicture(file, setup.depth);
            made[name] = btoa(Array.from(toSquare(picture, setup).data, byte => String.fromCharCode(byte)).join(""));
          }}
          return made; }}""",
        [{name: base64.b64encode(content).decode() for name, content in files.items()}, setup],
    )
    shape = (geometry.size, geometry.size, 3)
    return {name: np.frombuffer(base64.b64decode(text), np.uint8).reshape(shape) for name, text in made.items()}


@pytest.fixture(scope="module")
def blank() -> Iterator[Page]:
    page = browser().new_page()
    yield page
    page.context.close()


def test_squares_are_those_of_pillow_to_the_bit(blank: Page) -> None:
    sizes = [(1, 1), (300, 7), (9, 260), (41, 40), (97, 150)]
    files = {f"{width} {height}": saved(noise(width, height, seed=width), "PNG") for width, height in sizes}
    for interpolation in INTERPOLATIONS:
        for fit, share in ((Fit.PAD, 1.0), (Fit.CROP, 0.95)):
            geometry = Geometry(40, fit, interpolation, share)
            for name, square in seen_by(blank, files, geometry).items():
                np.testing.assert_array_equal(square, square_of(files[name], geometry), f"{name} {geometry}")


def test_all_bits_of_a_png_file_are_read(blank: Page) -> None:
    rng = np.random.default_rng(2)
    files = {}
    for bits, bands, is_interlaced in itertools.product((1, 2, 4, 8, 16), (1, 2, 3, 4), (False, True)):
        if bits < 8 and bands > 1:
            continue
        values = rng.integers(0, 2**bits, (23, 29, bands))
        values[:4] = 5000 if bits == 16 else 1
        files[f"{bits} bits {bands} {is_interlaced}"] = png(values, bits, is_interlaced=is_interlaced)
        if bands in {1, 3}:
            clear = tuple(map(int, values[7, 11]))
            files[f"{bits} bits {bands} {is_interlaced} clear"] = png(values, bits, clear, is_interlaced=is_interlaced)
    for depth in (Depth(), Depth((300, 40_000.5), None, 5000)):
        geometry = Geometry(23, Fit.PAD, "bicubic", 1.0, depth)
        for name, square in seen_by(blank, files, geometry).items():
            np.testing.assert_array_equal(square, square_of(files[name], geometry), f"{name} {depth}")


def test_palettes_and_turned_png_files(blank: Page) -> None:
    palette = drawing().quantize(40)
    files = {
        "palette": saved(palette, "PNG"),
        "one colour clear": saved(palette, "PNG", transparency=3),
        "some clear": saved(palette, "PNG", transparency=bytes(range(0, 200, 5))),
        "16 colours": saved(drawing().quantize(16), "PNG", bits=4),
        "4 colours": saved(drawing().quantize(4), "PNG", bits=2),
        "1 bit": saved(drawing().convert("1"), "PNG"),
        "a line": saved(noise(500, 1), "PNG"),
        "as large as the square": saved(noise(SIDE, SIDE), "PNG"),
    } | {f"exif {turn}": saved(noise(70, 41), "PNG", exif=exif(turn)) for turn in range(1, 9)}
    for name, square in seen_by(blank, files, GEOMETRY).items():
        np.testing.assert_array_equal(square, square_of(files[name]), name)


def test_a_cut_off_png_file_is_read_as_far_as_it_goes(blank: Page) -> None:
    whole = saved(noise(120, 90), "PNG")
    files = {str(share): whole[: int(len(whole) * share)] for share in (0.3, 0.8, 0.99)}
    for name, square in seen_by(blank, files, GEOMETRY).items():
        np.testing.assert_array_equal(square, square_of(files[name]), name)


def test_other_formats_give_the_pixels_of_tlviz_here(blank: Page) -> None:
    """Chromium decodes with the libraries that Pillow has; another browser may differ by a level or two."""
    image = drawing()
    clear = image.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(image.size))
    note = b'<rdf:Description tiff:Orientation="8" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"/>'
    files = {
        "grey": saved(image.convert("L"), "JPEG"),
        "CMYK": saved(image.convert("CMYK"), "JPEG"),
        "progressive": saved(image, "JPEG", progressive=True, quality=60),
        "WebP, turned": saved(image, "WEBP", exif=exif(6).tobytes()),
        "WebP, clear": saved(clear, "WEBP", lossless=True),
        "GIF": saved(image, "GIF"),
        "BMP": saved(image, "BMP"),
        "by XMP": saved(image, "JPEG", xmp=note),
        "by XMP in PNG": saved(image, "PNG", pnginfo=_with_xmp(note)),
        "profile": saved(image, "JPEG", icc_profile=other_profile()),
        "profile in PNG": saved(image, "PNG", icc_profile=other_profile()),
        "profile in WebP": saved(image, "WEBP", icc_profile=other_profile(), lossless=True),
        **{f"exif {turn}": saved(image, "JPEG", exif=exif(turn)) for turn in range(1, 9)},
    }
    upright = square_of(files["exif 1"])
    for name, square in seen_by(blank, files, GEOMETRY).items():
        expected = square_of(files[name])
        assert np.abs(square.astype(int) - expected).max() <= 2, name
        if name.startswith(("exif", "by XMP")) and name != "exif 1":
            assert not np.array_equal(expected, upright), name


def _with_xmp(note: bytes) -> PngInfo:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", note.decode(), zip=True)
    return info

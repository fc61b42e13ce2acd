"""Pictures of every kind, and the page that names them as tests open it."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.app.browser import ROOT, browser
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit, Pixels, decode_picture, fit_picture, to_rgb
from tlviz.home import ASSETS

SCRIPTS = ROOT / "tlviz" / "export" / "templates" / "demo"
CLIPART = ASSETS / "datasets" / "clipart"
READING = ("resample", "turn", "png_colours", "png", "picture")
"""Those of the page's scripts that read pictures."""
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Where the seven parts of an interlaced PNG file begin, and their steps."""
SIDE = 48
GEOMETRY = Geometry(SIDE, Fit.PAD, "bilinear", 0.875)
LABELS = ("red", "green & <b>", "</script><script>alert(1)</script>", "青", "é" * 300, '"six"', "seven")


def prepared(geometry: Geometry = GEOMETRY, **more: Any) -> dict[str, Any]:
    """Return preprocessing as the header of an exported file has it."""
    return geometry.to_json() | {"mean": [0.5] * 3, "std": [0.5] * 3, "fill": "white"} | more


def weights() -> NDArray[np.float32]:
    return np.random.default_rng(5).normal(0, 0.02, (SIDE * SIDE * 3, len(LABELS))).astype(np.float32)


def square_of(content: bytes, geometry: Geometry = GEOMETRY) -> Pixels:
    """Return a picture as ``tlviz predict`` gives it to a network."""
    image = to_rgb(decode_picture(content, "it", depth=geometry.depth), "it", geometry.depth)
    return fit_picture(image, geometry.size, geometry.fit, geometry.interpolation, geometry.crop_fraction)


class Demo:
    """An open page, all that it asked for, and what it answered."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page, self.file = page, file
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    def give(self, files: dict[str, bytes]) -> None:
        """Choose files, and wait for their answers."""
        held = [{"name": name, "mimeType": "", "buffer": content} for name, content in files.items()]
        self.page.set_input_files("#files", held)  # type: ignore[arg-type]
        self.settle()

    def settle(self) -> None:
        expect(self.page.locator("#status")).to_have_text("Done.")

    def shares(self, name: str) -> dict[str, float]:
        """Return the probabilities on a picture's card, best first."""
        read = (
            "all => all.map(one => [one.querySelector('.label').textContent, Number(one.querySelector('data').value)])"
        )
        return dict(self.card(name).locator("li").evaluate_all(read))

    def card(self, name: str) -> Any:
        return self.page.locator("article", has=self.page.get_by_role("heading", name=name, exact=True))

    def square(self, name: str) -> Pixels:
        """Return the square that is drawn on a picture's card."""
        address = self.card(name).locator("canvas").evaluate("canvas => canvas.toDataURL('image/png')")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB"))


@contextmanager
def opened(file: Path, before: str = "") -> Iterator[Demo]:
    """Open a page from its file, in a tab of its own; ``before`` is a script that runs first."""
    page = browser().new_page(viewport={"width": 1280, "height": 720})
    demo = Demo(page, file)
    page.add_init_script(before)
    try:
        page.goto(file.as_uri())
        yield demo
    finally:
        page.context.close()


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def noise(width: int, height: int, mode: str = "RGB", seed: int = 0) -> Image.Image:
    bands = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}[mode]
    values = np.random.default_rng(seed).integers(0, 256, (height, width, bands), dtype=np.uint8)
    return Image.fromarray(values.reshape(height, width) if mode == "L" else values)


def drawing() -> Image.Image:
    return Image.open(sorted((CLIPART / "bird").iterdir())[0]).convert("RGB")


def exif(orientation: int) -> Image.Exif:
    note = Image.Exif()
    note[0x112] = orientation
    return note


def png(values: NDArray[Any], bits: int, clear: tuple[int, ...] = (), *, is_interlaced: bool = False) -> bytes:
    """Write a PNG file of values (H, W, bands) with filter 0, which Pillow cannot for 16-bit colour."""
    height, width, bands = values.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[bands]
    packed = b""
    for x, y, right, below in PASSES if is_interlaced else ((0, 0, 1, 1),):
        part = values[y::below, x::right].reshape(len(values[y::below]), -1)
        if not part.size:
            continue
        if bits == 16:
            rows = part.astype(">u2").view(np.uint8)
        else:
            ones = (part[..., None] >> np.arange(bits - 1, -1, -1)) & 1
            rows = np.packbits(ones.reshape(len(part), -1).astype(np.uint8), axis=1)
        packed += b"".join(b"\0" + row.tobytes() for row in rows)
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, is_interlaced),
        b"tRNS": struct.pack(f">{len(clear)}H", *clear),
        b"IDAT": zlib.compress(packed),
        b"IEND": b"",
    }
    chunks = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts.items()
        if body or name == b"IEND"
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)

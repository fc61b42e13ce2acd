"""The page that names pictures, in a real browser: the same pixels and answers as here, and not one request."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.app.browser import ROOT, browser
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit, Pixels, decode_picture, fit_picture, to_rgb
from tlviz.export.demo import demo_html
from tlviz.home import ASSETS

SCRIPTS = ROOT / "tlviz" / "export" / "templates" / "demo"
CLIPART = ASSETS / "datasets" / "clipart"
SIDE = 48
GEOMETRY = Geometry(SIDE, Fit.PAD, "bilinear", 0.875)
LABELS = ("red", "green & <b>", "</script><script>alert(1)</script>", "青", "é" * 300, '"six"', "seven")


def prepared(geometry: Geometry = GEOMETRY, **more: Any) -> dict[str, Any]:
    """Return preprocessing as the header of an exported file has it."""
    return geometry.to_json() | {"mean": [0.5] * 3, "std": [0.5] * 3, "fill": "white"} | more


def weights() -> NDArray[np.float32]:
    return np.random.default_rng(5).normal(0, 0.02, (SIDE * SIDE * 3, len(LABELS))).astype(np.float32)


@pytest.fixture(scope="module")
def onnx_bytes() -> bytes:
    """Return a network that hears every pixel: logits = (pixels / 255 - 0.5) W."""
    onnx = pytest.importorskip("onnx")
    helper, tensors = onnx.helper, onnx.numpy_helper
    nodes = [
        helper.make_node("Cast", ["pictures"], ["wide"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Div", ["wide", "full"], ["share"]),
        helper.make_node("Sub", ["share", "half"], ["centred"]),
        helper.make_node("Flatten", ["centred"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
    ]
    shape = ["n", SIDE, SIDE, 3]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("pictures", onnx.TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["n", len(LABELS)])],
        [
            tensors.from_array(np.float32(255), "full"),
            tensors.from_array(np.float32(0.5), "half"),
            tensors.from_array(weights(), "weights"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


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
        card = self.card(name)
        names = card.locator(".label").all_inner_texts()
        values = card.locator("data").evaluate_all("all => all.map(one => Number(one.value))")
        return dict(zip(names, values, strict=True))

    def card(self, name: str) -> Any:
        return self.page.locator("article", has=self.page.get_by_role("heading", name=name, exact=True))

    def square(self, name: str) -> Pixels:
        """Return the square that is drawn on a picture's card."""
        address = self.card(name).locator("canvas").evaluate("canvas => canvas.toDataURL('image/png')")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB"))


@contextmanager
def opened(html: str, folder: Path, **context: Any) -> Iterator[Demo]:
    """Open a page from its file, in a tab of its own."""
    file = folder / "demo.html"
    file.write_text(html, encoding="utf-8")
    page = browser().new_page(**{"viewport": {"width": 1280, "height": 720}} | context)
    demo = Demo(page, file)
    try:
        page.goto(file.as_uri())
        yield demo
    finally:
        page.context.close()


@pytest.fixture(scope="module")
def demo(onnx_bytes: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    html = demo_html(onnx_bytes, LABELS, prepared(), "Seven <colours>", "A network & its page.")
    with opened(html, tmp_path_factory.mktemp("demo")) as one:
        yield one


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


def pngs() -> dict[str, bytes]:
    """Return PNG files of every kind of pixel."""
    grey16 = np.random.default_rng(1).integers(0, 65536, (37, 53), dtype=np.uint16)
    palette = drawing().quantize(40)
    clear = palette.copy()
    found = {
        "rgb": saved(noise(90, 61), "PNG"),
        "grey": saved(noise(50, 71, "L"), "PNG"),
        "rgba": saved(noise(80, 61, "RGBA"), "PNG"),
        "grey and alpha": saved(noise(33, 61, "LA"), "PNG"),
        "16 bits": saved(Image.fromarray(grey16), "PNG"),
        "palette": saved(palette, "PNG"),
        "palette, transparent": saved(clear, "PNG", transparency=bytes(range(0, 200, 5))),
        "palette, one colour clear": saved(clear, "PNG", transparency=3),
        "16 colours": saved(drawing().quantize(16), "PNG", bits=4),
        "4 colours": saved(drawing().quantize(4), "PNG", bits=2),
        "1 bit": saved(drawing().convert("1"), "PNG"),
        "small": saved(noise(3, 2), "PNG"),
        "a line": saved(noise(500, 1), "PNG"),
        "as large as the square": saved(noise(SIDE, SIDE), "PNG"),
    }
    return found | {f"exif {turn}": saved(noise(70, 41), "PNG", exif=exif(turn)) for turn in range(1, 9)}


def test_png_files_give_the_very_pixels_and_answers_of_tlviz(demo: Demo) -> None:
    files = {f"{name}.png": content for name, content in pngs().items()}
    demo.give(files)
    for name, content in files.items():
        square = square_of(content)
        np.testing.assert_array_equal(demo.square(name), square, name)
        logits = (square.reshape(-1).astype(np.float64) / 255 - 0.5) @ weights()
        shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        best = np.argsort(-shares)[:5]
        assert list(demo.shares(name)) == [LABELS[at] for at in best], name
        assert list(demo.shares(name).values()) == pytest.approx(shares[best], abs=1e-5)


def test_nothing_is_asked_for_and_nothing_can_be(demo: Demo) -> None:
    assert demo.requests == [demo.file.as_uri()]
    reached = demo.page.evaluate("fetch('data:,x').then(() => 'reached', () => 'refused')")
    assert reached == "refused"
    assert [line for line in demo.errors if "Content Security Policy" not in line] == []
    assert demo.page.evaluate("typeof alert_was_called") == "undefined"
    assert demo.page.get_by_role("heading", level=1).inner_text() == "Seven <colours>"

"""The page that names pictures, in a real browser: the same pixels and answers as here, and not one request."""

from __future__ import annotations

import base64
import io
import itertools
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Page, expect
from torch import nn

from tests.app.access import AXE, find_faults
from tests.app.browser import ROOT, browser
from tlviz.data.pixels.depth import Depth
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit, Pixels, decode_picture, fit_picture, to_rgb
from tlviz.export.demo import demo_html, resizes_tall_first
from tlviz.export.predict import Picture, predict
from tlviz.home import ASSETS
from tlviz.models.catalogue import MODELS
from tlviz.models.load import Network, load_network
from tlviz.models.preparation import INTERPOLATIONS

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


@pytest.fixture(scope="module")
def demo(onnx_bytes: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    file = tmp_path_factory.mktemp("demo") / "demo.html"
    file.write_text(demo_html(onnx_bytes, LABELS, prepared(), "Seven <colours>", "T" * 300), encoding="utf-8")
    with opened(file) as one:
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
    """Return PNG files of several kinds."""
    palette = drawing().quantize(40)
    deep = np.random.default_rng(1).integers(0, 65536, (37, 53), dtype=np.uint16)
    return {
        "rgb": saved(noise(90, 61), "PNG"),
        "rgba": saved(noise(80, 61, "RGBA"), "PNG"),
        "16 bits": saved(Image.fromarray(deep), "PNG"),
        "palette, transparent": saved(palette, "PNG", transparency=bytes(range(0, 200, 5))),
        "exif 6": saved(noise(70, 41), "PNG", exif=exif(6)),
    }


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


def test_what_gives_no_picture_is_told_in_a_sentence(demo: Demo) -> None:
    broken = bytearray(saved(noise(60, 40), "PNG"))
    broken[45:] = bytes(len(broken) - 45)
    huge = png(np.zeros((1, 1, 1), int), 8).replace(struct.pack(">II", 1, 1), struct.pack(">II", 40_000, 30_000))
    demo.give({
        "notes.txt": b"these are words",
        "empty.png": b"",
        "scan.tif": saved(noise(20, 20), "TIFF"),
        "broken.png": bytes(broken),
        "broken.jpg": saved(noise(60, 40), "JPEG")[:40],
        "huge.png": huge,
    })  # fmt: skip
    said = {name: demo.card(name).locator(".body").inner_text() for name in ("notes.txt", "empty.png", "scan.tif")}
    assert said["notes.txt"].startswith("notes.txt is not a picture that can be opened; use PNG")
    assert said["empty.png"].startswith("empty.png is not a picture that can be opened; use PNG")
    assert said["scan.tif"] == "scan.tif is a TIFF picture, which this page does not open; save it as PNG or JPEG."
    for name in ("broken.png", "broken.jpg"):
        assert "damaged" in demo.card(name).locator(".body").inner_text()
    assert "40,000 x 30,000 pixels" in demo.card("huge.png").locator(".body").inner_text()
    assert demo.page.locator(".refused").count() == 6


def test_pictures_come_by_dropping_and_pasting(demo: Demo) -> None:
    hand_over = """([kind, text, name]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(text), letter => letter.charCodeAt(0))], name));
      const about = {dataTransfer: data, clipboardData: data, bubbles: true, cancelable: true};
      const event = kind === "paste" ? new ClipboardEvent(kind, about) : new DragEvent(kind, about);
      document.getElementById("drop").dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    content = saved(noise(60, 40), "PNG")
    for kind in ("drop", "paste"):
        is_kept = demo.page.evaluate(hand_over, [kind, base64.b64encode(content).decode(), f"{kind}.png"])
        assert is_kept or kind == "paste"
        expect(demo.card(f"{kind}.png").locator("canvas")).to_be_visible()
        np.testing.assert_array_equal(demo.square(f"{kind}.png"), square_of(content))
    demo.settle()
    demo.page.get_by_role("button", name="Clear").click()
    assert demo.page.locator("article").count() == 0
    expect(demo.page.get_by_label("Choose pictures")).to_be_focused()
    expect(demo.page.locator("#no-camera")).to_have_text("No camera here: none was found on this computer.")


CAMERA = """() => { navigator.mediaDevices.enumerateDevices = async () => [{kind: "videoinput"}];
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 64, height: 48});
  const context = canvas.getContext("2d");
  const stream = canvas.captureStream(10);
  setInterval(() => { context.fillStyle = "rgb(200, 30, 40)"; context.fillRect(0, 0, 64, 48); }, 50);
  window.lent = stream;
  return stream;
};
navigator.mediaDevices.dispatchEvent(new Event("devicechange")); }"""


def test_the_camera_and_the_reach_of_all(demo: Demo) -> None:
    page = demo.page
    page.evaluate(CAMERA)
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take a picture").click()
    demo.give({"it.png": saved(noise(60, 40), "PNG"), "notes.txt": b"words"})
    for summary in page.locator("summary").all():
        summary.click()
    page.get_by_role("button", name="Show the licences of the parts by others").click()
    expect(page.locator("#notices-shown")).to_contain_text("protobuf")
    page.evaluate(AXE.read_text(encoding="utf-8"))  # a script of its own is against the page's rules
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert find_faults(page, "demo.html", theme, only_colours=theme == "dark") == []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    middle = demo.square("Camera, picture 1")[SIDE // 2, SIDE // 2]
    assert np.abs(middle.astype(int) - (200, 30, 40)).max() <= 6
    page.get_by_role("button", name="Close the camera").click()
    assert page.evaluate("lent.getTracks().every(track => track.readyState === 'ended')")
    expect(page.get_by_role("button", name="Use the camera")).to_be_focused()


def test_an_old_browser_is_told_what_it_lacks(demo: Demo) -> None:
    with opened(demo.file, "delete window.DecompressionStream; delete window.createImageBitmap;") as demo:
        said = demo.page.get_by_role("alert").inner_text()
        assert "it lacks DecompressionStream and createImageBitmap. Use Chrome or Edge 97, Firefox 113" in said
        demo.page.set_input_files("#files", [{"name": "it.png", "mimeType": "", "buffer": saved(noise(9, 9), "PNG")}])
        expect(demo.card("it.png")).to_contain_text("The network could not be started.")


def test_nothing_is_asked_for_and_nothing_can_be(demo: Demo) -> None:
    assert demo.requests == [demo.file.as_uri()]
    reached = demo.page.evaluate("fetch('data:,x').then(() => 'reached', () => 'refused')")
    assert reached == "refused"
    assert [line for line in demo.errors if "Content Security Policy" not in line] == []
    assert demo.page.get_by_role("heading", level=1).inner_text() == "Seven <colours>"


class FromBytes(nn.Module):
    """A network with what makes its input of uint8 pictures (N, S, S, 3) inside."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network.module
        for name in ("mean", "std"):
            values = getattr(network.spec.preprocessing, name)
            self.register_buffer(name, torch.tensor(values).mul(255).view(1, 3, 1, 1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.network((pictures.permute(0, 3, 1, 2).float() - self.mean) / self.std)
        return result


@pytest.mark.slow
@pytest.mark.parametrize("name", ["squeezenet1_1", "tf_efficientnet_lite0"])
def test_a_bundled_network_answers_as_here_on_every_drawing(name: str, tmp_path: Path) -> None:
    network = load_network(MODELS[name])
    geometry = Geometry.of(network.spec.preprocessing)
    side = geometry.size
    program = torch.onnx.export(
        FromBytes(network).eval(), (torch.zeros(2, side, side, 3, dtype=torch.uint8),), dynamo=True,
        input_names=["pictures"], output_names=["logits"], dynamic_shapes=({0: torch.export.Dim("n")},), verbose=False,
    )  # fmt: skip
    program.save(tmp_path / "model.onnx")
    html = demo_html((tmp_path / "model.onnx").read_bytes(), network.classes, prepared(geometry), "Drawings", "Named.")
    if name == "squeezenet1_1":
        assert len(html.encode()) < 12e6
    files = {file.name: file.read_bytes() for file in CLIPART.glob("*/*")}
    pictures = [Picture(name, content) for name, content in files.items()]
    expected = {row.path: row.guesses for row in predict(network, geometry, pictures).rows}
    file = tmp_path / "demo.html"
    file.write_text(html, encoding="utf-8")
    with opened(file) as demo:
        demo.page.set_default_timeout(600_000)
        demo.page.set_input_files("#files", list(CLIPART.glob("*/*")))
        expect(demo.page.locator("#status")).to_have_text("Done.", timeout=600_000)
        read = """all => all.map(one => [one.querySelector("h2").textContent,
          one.querySelector(".label").textContent, Number(one.querySelector("data").value)])"""
        for path, label, share in demo.page.locator("article").evaluate_all(read):
            best, *_ = expected.pop(path)
            assert (label, share) == (best.name, pytest.approx(best.probability, abs=1e-4)), path
    assert not expected

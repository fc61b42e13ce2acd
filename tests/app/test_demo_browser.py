"""The page that names pictures, in a real browser: the same answers as here, every way in, and not one request."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect
from torch import nn

from tests.app.access import AXE, find_faults
from tests.app.demo_page import (
    CLIPART,
    LABELS,
    SIDE,
    Demo,
    drawing,
    exif,
    noise,
    opened,
    png,
    prepared,
    saved,
    square_of,
    weights,
)
from tlviz.data.pixels.ingest import Geometry
from tlviz.export.demo import demo_html
from tlviz.export.predict import Picture, predict
from tlviz.models.catalogue import MODELS
from tlviz.models.load import Network, load_network


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


@pytest.fixture(scope="module")
def demo(onnx_bytes: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    file = tmp_path_factory.mktemp("demo") / "demo.html"
    file.write_text(demo_html(onnx_bytes, LABELS, prepared(), "Seven <colours>", "T" * 300), encoding="utf-8")
    with opened(file) as one:
        yield one


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

import base64
import gzip
import hashlib
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tlviz.data.pixels.depth import Depth
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.errors import BadSettingError, TlvizError
from tlviz.export import demo
from tlviz.export.demo import LARGEST_MB, RUNTIME_VERSION, demo_html

ASSETS = Path(demo.__file__).with_name("assets")
GEOMETRY = Geometry(224, Fit.PAD, "bilinear", 0.875)
HOSTILE = (
    "</script><script>window.hurt = 1</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    "\"quotes\" and 'more' & <b>",
    "a/b\\c",
    "青い鳥 \u202e عربي \u2028 \x00",
    "half a letter: \ud800",
    "é" * 300,
    "{{ title }}{% raw %}",
)


def prepared(geometry: Geometry = GEOMETRY) -> dict[str, Any]:
    return geometry.to_json() | {"mean": [0.5] * 3, "std": [0.5] * 3, "fill": "white"}


class Parsed(HTMLParser):
    """What a browser makes of a page: (attributes, content) of scripts and styles, its rules, addresses, and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self.policy, self.text = "", ""
        self.addresses: list[str | None] = []
        self._open: dict[str, str | None] | None = None
        self._tag = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self._tag, self._open = tag, found
        self.addresses += [value for name, value in found.items() if name in {"src", "href", "action", "data"}]
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(found["content"])
        if tag == "script":
            self.scripts.append((found, ""))

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag == "script":
            attributes, content = self.scripts.pop()
            self.scripts.append((attributes, content + data))
        elif self._tag == "style":
            self.styles.append(data)
        else:
            self.text += data

    def part(self, name: str) -> tuple[dict[str, str | None], str]:
        (found,) = [(attributes, content) for attributes, content in self.scripts if attributes.get("id") == name]
        return found


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def parsed(onnx: bytes = b"network", geometry: Geometry = GEOMETRY) -> Parsed:
    return Parsed(demo_html(onnx, ("one", "two"), prepared(geometry), "A title", "About it."))


def test_names_are_text_and_nothing_else() -> None:
    title, about = "<script>1</script> & title", 'about "it" </p><b>'
    page = Parsed(demo_html(b"network", HOSTILE, prepared(), title, about))
    plain = Parsed(demo_html(b"network", ["one"], prepared(), "t", "a"))
    assert len(page.scripts) == len(plain.scripts) == 7
    assert page.policy == plain.policy
    assert json.loads(page.part("setup")[1])["labels"] == list(HOSTILE)
    for name in (*HOSTILE, title, about):
        assert name.replace("\ud800", "?").replace("\x00", "") in page.text.replace("\x00", ""), name


def test_its_rules_allow_its_own_scripts_and_no_connection() -> None:
    page = parsed()
    rules = dict(rule.split(" ", 1) for rule in page.policy.split("; "))
    assert rules["default-src"] == rules["connect-src"] == "'none'"
    run = [content for attributes, content in page.scripts if attributes.get("type") in {None, "module"}]
    hashes = [hashed(one) for one in run]
    assert rules["script-src"].split() == [*hashes, "'wasm-unsafe-eval'"]
    assert len(page.styles) == 1
    assert rules["style-src"] == hashed(page.styles[0])
    assert page.addresses == ["data:,"]


def test_network_and_runtime_are_in_it_to_the_byte() -> None:
    for onnx, packing in ((bytes(10_000), "gzip"), (os.urandom(10_000), "none")):
        page = parsed(onnx)
        attributes, text = page.part("network")
        held = base64.b64decode(text)
        assert attributes["data-packing"] == packing
        assert (gzip.decompress(held) if packing == "gzip" else held) == onnx
    assert base64.b64decode(page.part("runtime")[1]) == (ASSETS / "ort-wasm-simd-threaded.wasm.gz").read_bytes()
    assert gzip.decompress(base64.b64decode(page.part("notices")[1])).count(b"License") > 100


def test_the_runtime_is_what_its_makers_publish() -> None:
    said = (ASSETS / "SOURCES.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `([^`]+)` \| ([0-9a-f]{64}) \|$", said, re.MULTILINE))
    assert table.keys() == {file.name for file in ASSETS.iterdir()} - {"SOURCES.md"}
    for name, checksum in table.items():
        content = (ASSETS / name).read_bytes()
        unpacked = gzip.decompress(content) if name.endswith(".gz") else content
        assert hashlib.sha256(unpacked).hexdigest() == checksum, name
    assert f"onnxruntime-web@{RUNTIME_VERSION}" in said
    library = next(content for attributes, content in parsed().scripts if "globalThis.ort" in content[-600:])
    assert library.startswith(f"/*!\n * ONNX Runtime Web v{RUNTIME_VERSION}\n")
    assert re.search(r"globalThis\.ort = \{InferenceSession: \w+, .*\};\n$", library)
    assert "sourceMappingURL" not in library


def test_the_page_of_the_bundled_squeezenet_stays_small() -> None:
    """The weights hardly shrink, as random bytes do not."""
    html = demo_html(os.urandom(4_970_000), ["class"] * 1000, prepared(), "t", "a")
    assert len(html.encode()) < 12e6


def test_what_becomes_of_pictures_is_said_and_handed_on() -> None:
    depth = Depth((0, 4095), None, 7)
    crop = Geometry(160, Fit.CROP, "bicubic", 0.95, depth)
    page = parsed(geometry=crop)
    setup = json.loads(page.part("setup")[1])
    assert {name: setup[name] for name in ("size", "fit", "interpolation", "crop_fraction", "depth")} == {
        "size": 160, "fit": "crop", "interpolation": "bicubic", "crop_fraction": 0.95,
        "depth": {"value_range": [0, 4095], "no_data": 7},
    }  # fmt: skip
    assert "cut out (95.0% of the shorter side) and becomes 160 x 160 pixels" in " ".join(page.text.split())
    assert "white at the sides; nothing is cut off" in parsed().text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"interpolation": "cubic spline"}, "'cubic spline'; a page knows bilinear"),
        ({"fill": "black"}, "fill is 'black'"),
        ({"fit": "stretch"}, "does not state how pictures are made square"),
        ({"size": None}, "does not state how pictures are made square"),
    ],
)
def test_preprocessing_that_a_page_cannot_repeat_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadSettingError, match=re.escape(words)):
        demo_html(b"network", ["one"], prepared() | change, "t", "a")


def test_too_large_a_network_is_refused_in_one_sentence() -> None:
    with pytest.raises(TlvizError, match=rf"^The network is too large .*at most {LARGEST_MB} MB\): use \S+ instead\.$"):
        demo_html(bytes(LARGEST_MB * 1_000_000 + 1), ["one"], prepared(), "t", "a")
    with pytest.raises(BadSettingError, match="at least one class"):
        demo_html(b"network", [], prepared(), "t", "a")

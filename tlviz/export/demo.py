"""One HTML file that classifies pictures in any browser: the network, what computes it, and a page."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import PIL

from tlviz import __version__
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.errors import BadSettingError, TlvizError
from tlviz.export.html_parts import fill
from tlviz.models.preparation import INTERPOLATIONS

LARGEST_MB = 128
"""Megabytes of the largest ONNX file that a page takes: the page is a third larger, and browsers hold it twice."""
RUNTIME_VERSION = "1.30.0"
_ASSETS = Path(__file__).with_name("assets")
_SCRIPTS = Path(__file__).with_name("templates") / "demo"
_PAGE = ("resample", "turn", "png_colours", "png", "picture", "network", "answers", "page", "camera")
"""The page's own scripts, in the order in which they need one another."""
_EXPORTS = re.compile(r"export\{([^}]*)\};\s*(?://# sourceMappingURL=\S*\s*)?\Z")
_WORTH_PACKING = 0.97


def demo_html(onnx: bytes, labels: Sequence[str], preprocessing: Mapping[str, Any], title: str, about: str) -> str:
    """Return a page that names pictures with a network, in one file that asks for nothing beside itself.

    ``onnx`` is a graph from ``pictures``, uint8 (N, S, S, 3) in RGB, to ``logits`` (N, C), with scaling and
    normalisation inside; ``preprocessing`` is that of an exported file's header.  ``title`` and ``about`` are shown as
    they are.  Raises ``BadSettingError`` for preprocessing that a page cannot repeat, ``TlvizError`` for a network
    that is too large for a page.
    """
    if len(onnx) > LARGEST_MB * 1_000_000:
        raise TlvizError(
            f"The network is too large for a web page ({len(onnx) / 1e6:,.0f} MB of ONNX; at most {LARGEST_MB} MB): "
            "use predict_onnx.py instead."
        )
    geometry = _geometry(preprocessing)
    if not labels:
        raise BadSettingError("A page needs the name of at least one class.")
    setup = geometry.to_json() | {
        "depth": geometry.depth.to_json(),
        "labels": list(labels),
        "tall_first": resizes_tall_first(),
    }
    scripts = {
        "browser": _script("browser.js"),
        "library": _library(),
        "page": "".join(_script(f"{name}.js") for name in _PAGE),
    }
    style = _script("page.css")
    network, packing = _packed(onnx)
    page = fill(
        "demo.html",
        title=title,
        about=about,
        labels=labels,
        reading=_reading(geometry),
        setup=json.dumps(setup).replace("<", "\\u003c"),
        style=style,
        policy=_policy([style], list(scripts.values())),
        runtime=_base64(_asset("ort-wasm-simd-threaded.wasm.gz")),
        network=_base64(network),
        packing=packing,
        licence=_asset("LICENSE").decode(),
        notices=_base64(_asset("ThirdPartyNotices.txt.gz")),
        runtime_version=RUNTIME_VERSION,
        written=time.strftime("%Y-%m-%d %H:%M"),
        version=__version__,
        **scripts,
    )
    return page.encode(errors="replace").decode()


def resizes_tall_first() -> bool:
    """Return whether the Pillow that is here makes tall pictures smaller first and then narrower, as from 13 on.

    The order of the two passes moves a value by a level or two, so a page repeats that of the program it is from.
    """
    return int(PIL.__version__.split(".")[0]) >= 13


def _geometry(preprocessing: Mapping[str, Any]) -> Geometry:
    """Read how pictures become square.  Raises ``BadSettingError`` where a page would do something else."""
    try:
        geometry = Geometry.from_json(preprocessing)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise BadSettingError(f"The preprocessing does not state how pictures are made square ({error}).") from error
    if geometry.interpolation not in INTERPOLATIONS:
        raise BadSettingError(
            f"The interpolation is '{geometry.interpolation}'; a page knows {', '.join(INTERPOLATIONS)}."
        )
    if geometry.fit is Fit.PAD and preprocessing.get("fill", "white") != "white":
        raise BadSettingError(f"The fill is '{preprocessing['fill']}'; a page pads with white alone.")
    return geometry


def _reading(geometry: Geometry) -> str:
    """Say how pictures become square."""
    side = f"{geometry.size} x {geometry.size} pixels"
    if geometry.fit is Fit.PAD:
        return f"Pictures are made to fit {side}, with white at the sides; nothing is cut off."
    return f"The middle of pictures is cut out ({geometry.crop_fraction:.1%} of the shorter side) and becomes {side}."


def _policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """Return the rules by which a browser runs these scripts and styles, and neither others nor any connection."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))} 'wasm-unsafe-eval'",
            f"style-src {' '.join(map(_hash, styles))}",
            "img-src data:",
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{_base64(hashlib.sha256(text.encode()).digest())}'"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _packed(content: bytes) -> tuple[bytes, str]:
    """Return a network, packed where that pays, and how."""
    packed = gzip.compress(content, 6, mtime=0)
    return (packed, "gzip") if len(packed) < _WORTH_PACKING * len(content) else (content, "none")


def _asset(name: str) -> bytes:
    return (_ASSETS / name).read_bytes()


def _script(name: str) -> str:
    return (_SCRIPTS / name).read_text(encoding="utf-8")


@cache
def _library() -> str:
    """Return onnxruntime-web as a script within a page, where nothing can import: its exports become ``ort``."""
    source = gzip.decompress(_asset("ort.wasm.bundle.min.mjs.gz")).decode()
    found = _EXPORTS.search(source)
    assert found, "this version of onnxruntime-web ends in another way"  # noqa: S101 (a test runs it)
    pairs = (one.split(" as ") for one in found[1].split(","))
    names = ", ".join(f"{pair[-1]}: {pair[0]}" for pair in pairs)
    return f"{source[: found.start()]}globalThis.ort = {{{names}}};\n"

"""The one range by which all deep pictures of a set are brought to 8 bits, found once and remembered."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from tlviz.cores import usable_cores
from tlviz.data.pixels import tiff
from tlviz.data.pixels.deep import Deep, Span, measure
from tlviz.data.pixels.deep_formats import netpbm_header, png_is_deep
from tlviz.data.pixels.depth import AS_STORED, Depth, in_words, plain
from tlviz.data.pixels.opening import DAMAGE, read_file
from tlviz.data.pixels.pictures import decode_picture
from tlviz.data.pixels.signatures import picture_format, read_head
from tlviz.disk_cache import keep_file
from tlviz.errors import TlvizError
from tlviz.home import cache_folder

_FORMAT = 2
_KEEP = 1024
MOST_MEASURED = 1000
"""Of more deep pictures, this many, evenly taken, are measured."""
_HEAD, _BOXES = 4096, 2**20


@dataclass(frozen=True, slots=True)
class Settled:
    """How the deep pictures of a set become 8 bits: what was decided and, for the rest, what was found in the set.

    ``count`` is how many there are; ``remarks`` say what was guessed.  Without any, ``depth`` is ``AS_STORED``.
    """

    depth: Depth = AS_STORED
    count: int = 0
    remarks: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Say what was done, '' where there was nothing to do."""
        if not self.count:
            return ""
        subject = "1 picture has" if self.count == 1 else f"{self.count:,} pictures have"
        missing = (
            f"; {plain(self.depth.no_data)} is taken for no data and is white" if self.depth.no_data is not None else ""
        )
        return "; ".join(
            (f"{subject} over 8 bits a value or other bands: {in_words(self.depth)}{missing}", *self.remarks)
        )


NOT_DEEP = Settled()
"""What is known of a set without deep pictures."""


def settle(paths: Sequence[Path | None], digests: Sequence[bytes], depth: Depth) -> Settled:
    """Find the range of a set's deep pictures where nobody decided it; ``digests`` name the files' present content.

    Files are looked into only where that was not done before.
    """
    place = _place(digests, depth)
    known = _read(place)
    if known is None:
        known = _settle([path for path in paths if path is not None], depth)
        keep_file(place, json.dumps(_to_json(known)).encode(), _KEEP)
    return known


def known_settled(digests: Sequence[bytes], depth: Depth) -> Settled | None:
    """Return what ``settle`` found before, None where it would have to look into files."""
    return _read(_place(digests, depth))


def is_deep_file(path: Path, depth: Depth = AS_STORED) -> bool:
    """Return whether a picture file holds more than 8 bits a value or other bands than colour; reads its head only."""
    head = read_head(path, _HEAD)
    kind = picture_format(head)
    if kind == "PNG":
        return png_is_deep(head)
    if kind == "PPM":
        header = netpbm_header(head)
        return head[:2] == b"Pf" or (header is not None and header[3] > 255)
    try:
        if kind == "TIFF":
            with path.open("rb") as file:
                page = tiff.read_page(file)
            return page is not None and tiff.is_deep(page, depth)
        if kind == "JPEG2000":
            boxes = io.BytesIO(read_head(path, _BOXES))  # from a file Pillow reads as much as a box claims to hold
            with Image.open(boxes, formats=("JPEG2000",)) as image:
                return image.mode.startswith("I")
    except (Image.DecompressionBombError, *DAMAGE):
        return False
    return False


def common_range(spans: Sequence[Span]) -> tuple[float, float] | None:
    """Return one range for pictures of these spans, None where none of them holds data.

    Whole numbers get all that their bits can hold, 0 to 4,095 for 12 of them, and floats between 0 and 1 that range,
    where they fill at least half of it; anything else runs from the lowest to the highest value.
    """
    spans = [span for span in spans if span.low <= span.high]
    if not spans:
        return None
    low, high = min(span.low for span in spans), max(span.high for span in spans)
    kinds = {span.kind for span in spans}
    full = 2.0 ** max(8, int(high).bit_length()) - 1 if kinds == {"u"} else 1.0
    if kinds in ({"u"}, {"f"}) and low >= 0 and high <= full and high - low >= full / 2:
        return 0.0, full
    return (low, high) if high > low else (low, low + max(1.0, abs(low) * 1e-6))


def own_depth(deep: Deep, depth: Depth) -> Depth:
    """Return how a single deep picture becomes 8 bits where no set says it: by its own range."""
    span = measure(deep, depth)
    no_data = span.sentinel if depth.no_data is None else depth.no_data
    return replace(depth, value_range=depth.value_range or common_range([span]), no_data=no_data)


def _settle(paths: Sequence[Path], depth: Depth) -> Settled:
    with ThreadPoolExecutor(max_workers=usable_cores()) as pool:
        are_deep = list(pool.map(lambda path: is_deep_file(path, depth), paths, chunksize=64))
        deep = [path for path, is_deep in zip(paths, are_deep, strict=True) if is_deep]
        if not deep:
            return Settled()
        step = -(-len(deep) // MOST_MEASURED)
        found = [one for one in pool.map(lambda path: _measure(path, depth), deep[::step]) if one is not None]
    spans = [span for span, _ in found if span is not None]
    remarks = list(_remarks(spans, [remark for _, remark in found if remark]))
    if depth.no_data is None:
        sentinels = Counter(span.sentinel for span in spans if span.sentinel is not None)
        if sentinels:
            depth = replace(depth, no_data=sentinels.most_common(1)[0][0])
    if depth.value_range is None:
        depth = replace(depth, value_range=common_range(spans))
    return Settled(depth, len(deep), tuple(remarks))


def _measure(path: Path, depth: Depth) -> tuple[Span | None, str | None] | None:
    """Return a picture's span, None for 8-bit bands, and what was chosen about it; None where it cannot be opened."""
    try:
        opened = decode_picture(read_file(path), path.name, depth=depth)
    except (TlvizError, OSError):
        return None
    if opened.deep is None:
        return None
    return measure(opened.deep, depth) if opened.is_deep else None, opened.remark


def _remarks(spans: Sequence[Span], remarks: Sequence[str]) -> Iterator[str]:
    if len({"f" if span.kind == "f" else "whole" for span in spans}) > 1:
        yield "floats and whole numbers are mixed, and one range serves both"
    for remark, count in Counter(remarks).most_common(2):
        yield f"{count:,} {'has' if count == 1 else 'have'} {remark}"


def _place(digests: Sequence[bytes], depth: Depth) -> Path:
    key = hashlib.sha256(json.dumps([_FORMAT, depth.to_json()]).encode() + b"".join(sorted(digests))).hexdigest()[:24]
    return cache_folder("depths") / f"{key}.json"


def _to_json(settled: Settled) -> dict[str, Any]:
    return {"depth": settled.depth.to_json(), "count": settled.count, "remarks": settled.remarks}


def _read(place: Path) -> Settled | None:
    try:
        values = json.loads(place.read_bytes())
        return Settled(Depth.from_json(values["depth"]), int(values["count"]), tuple(map(str, values["remarks"])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, TlvizError):
        return None

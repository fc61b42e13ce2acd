"""Pictures that count how often they are opened."""

from __future__ import annotations

import threading

from PIL import Image

from tlviz.data.pixels.ingest import Geometry, Source
from tlviz.data.pixels.pictures import Fit
from tlviz.home import cache_folder

GEOMETRY = Geometry(8, Fit.PAD, "bilinear", 1.0)


class Counted:
    """Openers that count their calls; picture ``at`` is filled with the value ``at``."""

    def __init__(self) -> None:
        self.calls = 0
        self._lock = threading.Lock()

    def source(self, at: int, stamp: str = "", error: BaseException | None = None, oddity: str | None = None) -> Source:
        def open_() -> tuple[Image.Image, str | None]:
            with self._lock:
                self.calls += 1
            if error:
                raise error
            return Image.new("RGB", (5, 5), (at, at, at)), oddity

        return Source(f"picture {at}", f"{stamp or self.unique}|{at}", open_)

    unique = ""


def stored() -> list[str]:
    parent = cache_folder("images")
    return sorted(entry.name for entry in parent.iterdir()) if parent.exists() else []

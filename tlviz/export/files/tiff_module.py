"""The reader of deep TIFF files as a module of a bundle: this program's own code, joined, for targets that need it."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType

from tlviz import __version__
from tlviz.data.pixels import deep, tiff

NAME = "tiff_reading.py"

_HEAD = f'''"""TIFF files of more than 8 bits a value, of floats or of several bands, for the scripts beside it.

Written by tlviz {__version__}, whose own reader this is, because pictures of the run's target need it.
"""

from __future__ import annotations

'''
_START = '''

class BadPictureError(Exception):
    """A file that cannot be opened as a picture."""


class TooLargeError(BadPictureError):
    """A picture with too many pixels to decode."""


@dataclass(frozen=True)
class Depth:
    """What the run decided about deep pictures: the range that becomes 0 to 255, the bands, the value of no data."""

    value_range: tuple[float, float] | None = None
    bands: tuple[int, int, int] | None = None
    no_data: float | None = None
'''
_END = '''

def read_deep(content: bytes, decided: dict[str, Any]) -> tuple[Image.Image, int] | None:
    """Return a deep TIFF picture in 8 bits and its EXIF number, None for a file that Pillow reads in full."""
    depth = Depth(**decided)
    page = read_page(io.BytesIO(content))
    if page is None or not is_deep(page, depth):
        return None
    deep, _ = read_values(content, page, depth, "it")
    return to_bytes(deep, depth), page.orientation
'''


def tiff_module() -> str:
    """Return the module's text: the modules ``deep`` and ``tiff`` of this program, and one function to call."""
    imports: dict[str, None] = {}
    bodies = [_body(module, imports) for module in (deep, tiff)]
    return _HEAD + "\n".join(sorted(imports)) + "\n" + _START + "".join(f"\n\n{body}\n" for body in bodies) + _END


def _body(module: ModuleType, imports: dict[str, None]) -> str:
    """Return a module's text behind its imports; those from elsewhere than this program are noted."""
    text = inspect.getsource(module)
    heads = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in heads:
        line = ast.unparse(node)
        if "tlviz" not in line and "__future__" not in line:
            imports[line] = None
    last = heads[-1].end_lineno or 0
    return "\n".join(text.splitlines()[last:]).strip("\n")

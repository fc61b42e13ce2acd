"""tlviz: see, measure and try transfer learning on images.

``import tlviz`` gives a dozen functions, from ``load_network`` to ``export``, described in docs/api.md.  Each is
imported when it is first used, so that importing tlviz costs nothing; ``__init__.pyi`` says to type checkers what they
are.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

FUNCTIONS = {
    "load_network": "networks",
    "open_target": "targets",
    "feature_maps": "looking",
    "attribute": "looking",
    "attribute_text": "explaining_texts",
    "look_at_text": "explaining_texts",
    "channel": "channels",
    "profile": "measuring",
    "finetune": "training",
    "race": "training",
    "best": "best",
    "runs": "keeping",
    "compare": "keeping",
    "predict": "handing",
    "export": "handing",
}
"""The functions of the Python interface, and the modules of ``tlviz.api`` that hold them."""
ALSO_ROOMS = frozenset({"finetune", "runs", "export"})
"""Packages of these names can be called as well: see ``tlviz/called.py``."""

__all__ = ["__version__", *FUNCTIONS, "TlvizError"]


def __getattr__(name: str) -> Any:
    """Return what is asked for, imported now; a package that is a function too stays a package."""
    if name == "TlvizError":
        return import_module("tlviz.errors").TlvizError
    if name in ALSO_ROOMS:
        return import_module(f"{__name__}.{name}")
    if name in FUNCTIONS:
        return getattr(import_module(f"{__name__}.api.{FUNCTIONS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the functions beside what is imported already."""
    return sorted({*globals(), *__all__})

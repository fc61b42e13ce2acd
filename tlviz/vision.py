"""The one gateway to torchvision, timm, captum, peft and transformers.

The Linux wheels of torchvision are built against CUDA builds of torch.  Beside a CPU-only torch their compiled
operators cannot load, and ``import torchvision`` raises "operator torchvision::nms does not exist".  Nothing in
tlviz needs those operators; torchvision's import needs only their names.  So where, and only where, torchvision's
own library cannot load, the two names are registered before the import.  timm, captum, peft and transformers import
torchvision themselves, therefore all come through here (a lint rule keeps it so).
"""

from __future__ import annotations

import importlib.util
import warnings
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from tlviz.compiler import stand_in

stand_in()

# What torchvision's import registers fake kernels for; the signatures are torchvision's own.
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@cache
def torchvision() -> Any:
    """Import torchvision, with its operators' names registered first where its library cannot load."""
    _declare_missing_operators()
    return import_module("torchvision")


@cache
def transforms() -> Any:
    """Import torchvision's transforms for tensors, version 2, which take a while to import."""
    torchvision()
    return import_module("torchvision.transforms.v2")


@cache
def timm() -> Any:
    """Import timm after torchvision."""
    torchvision()
    return import_module("timm")


@cache
def captum() -> Any:
    """Import captum's attribution methods after torchvision.

    Its remark at every use that hooks are set is silenced: a caller sees to it that they are removed.
    """
    torchvision()
    warnings.filterwarnings("ignore", message=r"\s*Setting (forward, )?backward hooks")
    return import_module("captum.attr")


@cache
def captum_metrics() -> Any:
    """Import captum's measures of how far a map can be trusted."""
    torchvision()
    return import_module("captum.metrics")


@cache
def peft() -> Any:
    """Import peft, whose import brings transformers, after torchvision."""
    torchvision()
    return import_module("peft")


@cache
def transformers() -> Any:
    """Import transformers after torchvision; it tells nothing of its own accord."""
    torchvision()
    library = import_module("transformers")
    library.utils.logging.set_verbosity_error()
    library.utils.logging.disable_progress_bar()
    return library


def _declare_missing_operators() -> torch.library.Library | None:
    """Register the schemas unless torchvision's compiled library loads; return the registration."""
    if not _compiled_library_loads():
        return _declare()
    return None


@cache
def _declare() -> torch.library.Library:
    """Register both schemas once; the cache keeps the registration alive."""
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        library.define(schema)  # type: ignore[no-untyped-call]
    return library


def _compiled_library_loads() -> bool:
    """Return whether torchvision's own operators exist, by loading its library as its import does."""
    path = _compiled_library()
    if path is None:
        return False
    try:
        torch.ops.load_library(str(path))  # type: ignore[no-untyped-call]
    except (ImportError, OSError):
        return False
    return True


def _compiled_library() -> Path | None:
    """Find torchvision's ``_C`` library without importing torchvision."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("torchvision is not installed; run: pip install -r requirements.txt")
    found = sorted(
        path for path in Path(spec.origin).parent.glob("_C*") if path.suffix in {".so", ".pyd", ".dll", ".dylib"}
    )
    return found[0] if found else None

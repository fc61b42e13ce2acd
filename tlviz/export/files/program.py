"""The network as a program: traced once by ``torch.export``, for ``model.pt2`` and for every ONNX graph."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tlviz.export.files.content import CannotExportError, Content

REFUSALS = (RuntimeError, ValueError, TypeError, AttributeError, AssertionError, LookupError)
"""What torch's tracer raises for code that it cannot follow; its own classes derive from these."""
_TRACED = 2
"""Pictures in the batch that is traced: one alone would be taken for a fixed number."""


def write_pt2(content: Content, path: Path) -> None:
    """Write the network as a program that torch alone runs.  Raises ``CannotExportError``."""
    program = traced(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(program, path)


def traced(content: Content) -> Any:
    """Return the network as an exported program with any number of pictures.  Raises ``CannotExportError``."""
    return content.once("program", lambda: trace(content.network.module, content.geometry.size, "The network"))


def trace(module: nn.Module, size: int, called: str) -> Any:
    """Trace a module for pictures (N, 3, size, size) in eval mode.

    Raises ``CannotExportError`` where its way depends on the values in the picture, or on their number.
    """
    # As tlviz and the scripts give it: in channels_last, which a program has to take as well as the plain layout.
    sample = torch.zeros(_TRACED, size, size, 3).permute(0, 3, 1, 2)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            dynamic = ({0: torch.export.Dim("N")},)
            program = torch.export.export(module.eval(), (sample,), dynamic_shapes=dynamic)
    except REFUSALS as error:
        raise CannotExportError(f"{called} cannot be traced by torch.export: {first_line(error)}") from error
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # names folders of this machine
    return program


def first_line(error: BaseException) -> str:
    """Return an error's own words on one line."""
    words = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return words[:200].rstrip(".") + "."

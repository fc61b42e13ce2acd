"""The table of attribution methods."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch

from tlviz.explore.attribution import methods, perturbation
from tlviz.explore.attribution.attributions import attribute
from tlviz.explore.attribution.context import AttributionContext, RawMap
from tlviz.explore.attribution.methods import METHODS, Method
from tlviz.models.load import Network


def test_every_method_has_a_row() -> None:
    assert set(METHODS) == set(Method)


@pytest.mark.parametrize("method", [method for method, spec in METHODS.items() if not spec.at_stage])
def test_a_method_on_the_picture_names_its_function(method: Method) -> None:
    module, _, function = METHODS[method].computed_by.partition(".")
    assert callable(getattr(import_module(f"tlviz.explore.attribution.{module}"), function))


def test_a_row_and_a_function_are_a_method(tiny: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a newcomer adds is used without another word."""

    def corner(context: AttributionContext) -> RawMap:
        values = torch.zeros(context.side, context.side)
        values[0, 0] = 1
        return RawMap(values)

    monkeypatch.setattr(perturbation, "corner", corner, raising=False)
    row = replace(METHODS[Method.OCCLUSION], computed_by="perturbation.corner")
    monkeypatch.setitem(methods.METHODS, Method.OCCLUSION, row)
    size = tiny.spec.preprocessing.size
    found = attribute(tiny, np.zeros((size, size, 3), dtype=np.uint8), Method.OCCLUSION)
    assert found.map[0, 0] == 1
    assert found.map.sum() == 1

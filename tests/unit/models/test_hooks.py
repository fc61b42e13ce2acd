"""Hooks never stay behind."""

from __future__ import annotations

import pytest
import torch

from tlviz.models.hooks import forward_hooks
from tlviz.models.load import Network


def test_hooks_are_gone_after_an_exception(tiny: Network) -> None:
    layers = dict(tiny.module.named_modules())

    def fail(path: str, *_: object) -> None:
        raise RuntimeError(path)

    with pytest.raises(RuntimeError), forward_hooks(layers, fail):
        tiny.module(torch.zeros(1, 3, 32, 32))
    assert not any(layer._forward_hooks for layer in tiny.module.modules())

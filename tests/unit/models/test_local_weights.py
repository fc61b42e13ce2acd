"""Weights on this machine: found, listed, counted and deleted."""

from __future__ import annotations

import pytest

from tlviz.errors import BadSettingError
from tlviz.models.catalogue import MODELS
from tlviz.models.local_weights import (
    delete_weights,
)


def test_what_ships_is_never_deleted() -> None:
    with pytest.raises(BadSettingError, match="ships with the program"):
        delete_weights(MODELS["squeezenet1_1"])

"""Weights on this machine: found, listed, counted and deleted."""

from __future__ import annotations

import os

import pytest

from tlviz.errors import BadSettingError, BadWeightsError
from tlviz.models.catalogue import MODELS
from tlviz.models.local_weights import (
    delete_weights,
    file_name,
    find_weights,
    need_weights,
    torch_folder,
    weights_stamp,
)


def test_what_ships_is_never_deleted() -> None:
    with pytest.raises(BadSettingError, match="ships with the program"):
        delete_weights(MODELS["squeezenet1_1"])


def test_a_file_of_torchs_cache_is_found_stamped_and_deleted() -> None:
    spec = MODELS["resnet18"]
    assert find_weights(spec) is None
    assert weights_stamp(spec) == "resnet18|"
    path = torch_folder() / file_name(spec)
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(1_500_000))
    os.utime(path, ns=(1, 7_000_000_000))
    assert find_weights(spec) == need_weights(spec) == path
    assert weights_stamp(spec) == "resnet18|1500000|7000000000"
    assert delete_weights(spec) == pytest.approx(1.5)
    with pytest.raises(BadWeightsError, match=r"resnet18 \(47 MB\) are not on this machine yet"):
        need_weights(spec)


def test_a_bundled_networks_stamp_is_its_checksum() -> None:
    spec = MODELS["squeezenet1_1"]
    assert weights_stamp(spec) == f"squeezenet1_1|{spec.sha256}"

"""What the tests of networks share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from torch import Tensor

from tests.servers import Server, serving
from tests.unit.models.served import CLASSES
from tlviz.models.catalogue import MODELS
from tlviz.models.load import Network, build_for_target
from tlviz.models.local_weights import (
    hub,
)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve in place of the real servers, with empty caches."""
    constants = hub().constants
    with serving() as served:
        for name, value in {
            "HF_HUB_CACHE": str(tmp_path / "hub"),
            "ENDPOINT": served.address,
            "HUGGINGFACE_CO_URL_TEMPLATE": served.address + "/{repo_id}/resolve/{revision}/{filename}",
        }.items():
            monkeypatch.setattr(constants, name, value)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setenv("HF_ENDPOINT", served.address)
        yield served


@pytest.fixture(scope="module")
def network() -> Network:
    return build_for_target(MODELS["resnet18"], CLASSES, pretrained=False, seed=1)


@pytest.fixture(scope="module")
def tensors(network: Network) -> dict[str, Tensor]:
    return {name: value.clone().contiguous() for name, value in network.module.state_dict().items()}

"""What every attribution starts from: the class, the baseline, the batch that fits, and their mistakes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tlviz.data.pixels.pictures import Pixels
from tlviz.errors import BadSettingError, TlvizError, UnknownNameError
from tlviz.explore.attribution import context
from tlviz.explore.attribution.attributions import attribute
from tlviz.explore.attribution.methods import Method
from tlviz.models.load import Network


def test_progress_grows_to_its_end(relu_net: Network, picture: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "BATCH_PIXELS", 4 * 16 * 16)
    told: list[tuple[int, int]] = []
    attribute(relu_net, picture, Method.INTEGRATED_GRADIENTS, progress=lambda *at: told.append(at))
    assert told == [(done, 33) for done in range(0, 33, 4)]


def bad_class(network: Network, pixels: Pixels) -> object:
    return attribute(network, pixels, Method.GRAD_CAM, target=3)


def bad_contrast(network: Network, pixels: Pixels) -> object:
    return attribute(network, pixels, Method.SALIENCY, target=1, contrast=-1)


def same_contrast(network: Network, pixels: Pixels) -> object:
    return attribute(network, pixels, Method.SALIENCY, target=1, contrast=1)


def bad_stage(network: Network, pixels: Pixels) -> object:
    return attribute(network, pixels, Method.GRAD_CAM, stage="nowhere")


@pytest.mark.parametrize(
    ("work", "error", "words"),
    [
        (bad_class, BadSettingError, "number 3.*0 to 2"),
        (bad_contrast, BadSettingError, "number -1"),
        (same_contrast, BadSettingError, "contrasted with itself"),
        (bad_stage, UnknownNameError, "nowhere"),
    ],
)
def test_bad_choices_are_one_clear_sentence(
    relu_net: Network,
    picture: Pixels,
    work: Callable[[Network, Pixels], object],
    error: type[TlvizError],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        work(relu_net, picture)


@pytest.mark.parametrize("method", [Method.SALIENCY, Method.GRAD_CAM])
def test_weights_that_are_no_numbers_are_named(relu_net: Network, picture: Pixels, method: Method) -> None:
    with torch.no_grad():
        relu_net.module.conv.weight[0] = torch.nan
    with pytest.raises(TlvizError, match="not finite"):
        attribute(relu_net, picture, method)


@pytest.mark.parametrize("method", [Method.INTEGRATED_GRADIENTS, Method.OCCLUSION])
def test_memory_that_runs_out_halves_the_batch(
    relu_net: Network, picture: Pixels, method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = attribute(relu_net, picture, method)
    monkeypatch.setattr(torch.nn.Linear, "forward", greedy(torch.nn.Linear.forward, most=3))
    np.testing.assert_allclose(attribute(relu_net, picture, method).map, expected.map, rtol=1e-3, atol=1e-7)
    monkeypatch.setattr(torch.nn.Linear, "forward", greedy(torch.nn.Linear.forward, most=0))
    with pytest.raises(TlvizError, match="not enough memory for one picture"):
        attribute(relu_net, picture, method)


def greedy(forward: Callable[[nn.Linear, Tensor], Tensor], most: int) -> Callable[[nn.Linear, Tensor], Tensor]:
    """Return a linear layer that claims to run out of memory for more than ``most`` pictures."""

    def run(layer: nn.Linear, value: Tensor) -> Tensor:
        if len(value) > most:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return forward(layer, value)

    return run

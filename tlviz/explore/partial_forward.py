"""A forward pass that gives the feature maps of some stages and ends behind the last of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress

import torch
from torch import Tensor, nn

from tlviz.errors import BadWeightsError
from tlviz.models.hooks import forward_hooks, kept_modes
from tlviz.models.layout import as_maps
from tlviz.models.load import Network
from tlviz.models.spec import Stage

Observer = Callable[[Stage, Tensor], None]


class _Reached(Exception):  # noqa: N818 (the end of the pass, not an error)
    """The last wanted stage has been seen: what follows need not run."""


def run_to(module: nn.Module, inputs: Tensor, stages: Sequence[Stage], observe: Observer) -> None:
    """Run normalised pictures (N, 3, S, S) in eval mode and show ``observe`` the feature maps (N, C, H, W) of stages.

    The maps may be changed in place by the next layer: copy what shall last.  Modes and hooks are left as they were;
    the caller holds the network's lock where the module is shared.
    """
    ends = {stage.modules[-1]: stage for stage in stages}
    waiting = set(ends)

    def note(path: str, _layer: nn.Module, output: Tensor) -> None:
        observe(ends[path], as_maps(output, ends[path].layout))
        waiting.discard(path)
        if not waiting:
            raise _Reached

    layers = {path: module.get_submodule(path) for path in ends}
    with kept_modes(module), forward_hooks(layers, note), suppress(_Reached):
        module.eval()
        module(inputs)


def check_finite(network: Network) -> None:
    """Raise ``BadWeightsError`` where a network holds a number that is not finite, and name the first tensor."""
    for name, value in network.module.state_dict().items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise BadWeightsError(
                f"The weights of {network.spec.name} are damaged: {name} holds numbers that are not finite. "
                "Load other weights, or train again with a lower rate."
            )


def weights_digest(network: Network) -> str:
    """Return a fingerprint of a network's numbers, under which what was computed with them is kept."""
    digest = hashlib.blake2b(digest_size=12)
    for name, value in network.module.state_dict().items():
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()

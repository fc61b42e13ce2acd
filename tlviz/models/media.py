"""What a modality's networks have to offer: one interface, behind which pictures and texts stand.

``docs/modalities.md`` says it in words, with what a third one would have to provide.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

from torch import Tensor, nn

from tlviz.medium import Medium
from tlviz.models.spec import Layout, ModelSpec, Stage
from tlviz.models.split import SplitNetwork

Loaded = tuple[nn.Module, tuple[Stage, ...]]
"""A network and its stages."""


class NetworkSide(Protocol):
    """A modality's networks; each method is a function of the module that ``side_of`` names."""

    def build_network(
        self,
        spec: ModelSpec,
        class_count: int,
        *,
        size: int | None = None,
        initialise: bool = True,
        device: str | None = None,
    ) -> nn.Module:
        """Build the bare architecture: called with one tensor of inputs it answers with logits (n, C)."""

    def find_stages(self, spec: ModelSpec, module: nn.Module, *, grouped: bool = True) -> tuple[Stage, ...]:
        """Order a network's modules into stages, the head last; every tensor is in exactly one."""

    def load_weights(self, spec: ModelSpec, class_count: int, size: int | None, *, may_lack_head: bool) -> Loaded:
        """Build a network around its weights.  Raises ``BadWeightsError``."""

    def make_inputs(self, items: Any, spec: ModelSpec, device: Any = None) -> Tensor:
        """Turn rows of a decoded target into the one tensor that the network is called with."""

    def pool_features(self, output: Tensor, layout: Layout, inputs: Tensor, spec: ModelSpec) -> Tensor:
        """Return a stage's output as features (n, D); ``inputs`` are what the network, or its rest, was called with."""

    def cut(self, module: nn.Module, stages: tuple[Stage, ...], depth: int) -> SplitNetwork:
        """Cut a network behind its first stages; what crosses is one tensor (n, ...).  Raises ``CannotSplitError``."""


_SIDES = {Medium.PICTURES: "tlviz.models.picture_side", Medium.TEXTS: "tlviz.models.texts.side"}


def side_of(spec: ModelSpec) -> NetworkSide:
    """Return a network's modality; its libraries are imported only now."""
    return cast(NetworkSide, import_module(_SIDES[spec.medium]))

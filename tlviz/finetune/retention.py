"""How much of the source is left in a tuned network: its old answers, and what its stages see."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tlviz.data.images import Rows
from tlviz.finetune.device import precision
from tlviz.finetune.source_pictures import FEWEST, PICTURES
from tlviz.measures.accuracy import accuracy
from tlviz.measures.cka import linear_cka
from tlviz.models.catalogue import find_model
from tlviz.models.hooks import forward_hooks, kept_modes
from tlviz.models.load import Network, load_network
from tlviz.models.media import side_of
from tlviz.models.split import CannotSplitError
from tlviz.models.stages import logit_layers


@dataclass(frozen=True, slots=True)
class Retention:
    """What is left of the source.

    ``source_agreement``: share of pictures that the original head, on the tuned backbone, names as it did before, None
    where the source has no classes to name.
    ``similarity``: debiased linear CKA of each backbone stage to the pretrained one, None where it cannot be told.
    ``duration_s`` is what the reading took; ``source_pictures`` how many pictures it rests on, 0 where the backbone is
    the pretrained one and nothing had to be measured, None where memory lacked.  With too few nothing is told.
    """

    source_agreement: float | None
    similarity: Mapping[str, float | None]
    duration_s: float
    source_pictures: int | None = None


MISSING = Retention(None, {}, 0.0)
"""What is told where there was not enough memory to read."""


def unchanged(network: Network) -> Retention:
    """Return the reading of a backbone that is the pretrained one to the byte, which needs no measuring."""
    similarity = {stage.name: 1.0 for stage in network.stages[:-1]}
    return Retention(1.0 if network.spec.class_count else None, similarity, 0.0, 0)


class SourceGauge:
    """Remembers what the pretrained network says and sees, and compares tuned networks with it."""

    def __init__(
        self, network: Network, pixels: Rows, device: torch.device, frozen: int = 0, chunk: int = PICTURES
    ) -> None:
        """Run the pretrained network of a tuned one's kind once over pictures (n, S, S, 3), and keep its head.

        ``frozen`` counts the first stages that the tuned networks have from it to the byte: they run only here.
        ``chunk`` is how many pictures pass at once.  With fewer than ``FEWEST`` pictures nothing runs.
        """
        begun = time.perf_counter()
        self._network, self._device, self._chunk, self._count = network, device, chunk, len(pixels)
        self._side = side_of(network.spec)
        self._setup_s = 0.0
        if self._count < FEWEST:
            return
        self._inputs = side_of(network.spec).make_inputs(pixels, network.spec, device)
        original = load_network(find_model(network.spec.name), size=network.spec.preprocessing.size)
        module = original.module.to(device)
        self._head = {path: copy.deepcopy(layer) for path, layer in logit_layers(module, original.stages)}
        self._depth = self._run_frozen(module, frozen)
        self._features, logits = self._see(module)
        self._answers = logits.argmax(1)
        self._setup_s = time.perf_counter() - begun

    def read(self, module: nn.Module) -> Retention:
        """Compare a tuned network of the same kind with the pretrained one; modes and weights are left as they were."""
        if self._count < FEWEST:
            return Retention(None, {}, 0.0, self._count)
        begun = time.perf_counter()
        with _replaced(module, self._head):
            features, logits = self._see(module)
        agreement = accuracy(logits, self._answers) if self._network.spec.class_count else None
        similarity: dict[str, float | None] = {stage.name: 1.0 for stage in self._network.stages[: self._depth]}
        similarity |= {name: _number(linear_cka(self._features[name], seen)) for name, seen in features.items()}
        setup_s, self._setup_s = self._setup_s, 0.0
        return Retention(agreement, similarity, setup_s + time.perf_counter() - begun, self._count)

    def _run_frozen(self, module: nn.Module, frozen: int) -> int:
        """Put what the first stages make of the pictures in their place; return how many stages that spares."""
        if not frozen:
            return 0
        try:
            prefix = self._side.cut(module, self._network.stages, frozen).prefix.eval()
        except CannotSplitError:
            return 0
        with torch.no_grad(), precision(self._device):
            self._inputs = torch.cat([prefix(inputs) for inputs in torch.split(self._inputs, self._chunk)])
        return frozen

    def _see(self, module: nn.Module) -> tuple[dict[str, Tensor], Tensor]:
        """Return the features (n, D) of every backbone stage that is not spared, and the logits (n, classes)."""
        stages = self._network.stages
        ends = {stage.modules[-1]: stage for stage in stages[self._depth : -1]}
        features: dict[str, Tensor] = {}
        current: list[Tensor] = []

        def keep(path: str, _: nn.Module, output: Tensor) -> None:
            pooled = self._side.pool_features(output, ends[path].layout, current[0], self._network.spec)
            features[ends[path].name] = pooled.float()

        layers = {path: module.get_submodule(path) for path in ends}
        parts = []
        with kept_modes(module), torch.no_grad(), precision(self._device):
            module.eval()
            rest = self._side.cut(module, stages, self._depth).tail.eval() if self._depth else module
            with forward_hooks(layers, keep):  # after the cut, which may try the network
                for inputs in torch.split(self._inputs, self._chunk):
                    current[:] = [inputs]
                    parts.append((rest(inputs), dict(features)))
        seen = {name: torch.cat([part[name] for _, part in parts]) for name in features}
        return seen, torch.cat([logits for logits, _ in parts])


@contextmanager
def _replaced(module: nn.Module, layers: Mapping[str, nn.Module]) -> Iterator[None]:
    """Put other layers in the place of a network's own while the context lasts."""
    own = {path: module.get_submodule(path) for path in layers}
    try:
        for path, layer in layers.items():
            module.set_submodule(path, layer)
        yield
    finally:
        for path, layer in own.items():
            module.set_submodule(path, layer)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None

"""The outputs of all stages and their gradients from one pass forward and one back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from tlviz.errors import TlvizError
from tlviz.models.layout import as_maps
from tlviz.models.load import Network
from tlviz.models.spec import Layout, Stage, find_stage

_AXES = {Layout.MAPS: 4, Layout.MAPS_LAST: 4, Layout.TOKENS: 3, Layout.FLAT: 2}


@dataclass(frozen=True, slots=True)
class RecordedLayer:
    """A layer to record: the output of the module at ``path``, which belongs to a stage."""

    stage: Stage
    path: str


@dataclass(slots=True)
class RecordedActivations:
    """The outputs of some layers in one forward pass, by path, in the order of the network."""

    layers: Sequence[RecordedLayer]
    outputs: dict[str, Tensor] = field(default_factory=dict)

    def maps(self) -> dict[str, Tensor]:
        """Return the outputs as feature maps (N, C, h, w), by path, without their graph."""
        return {layer.path: as_maps(self.outputs[layer.path].detach(), layer.stage.layout) for layer in self._seen()}

    def gradients(self, score: Tensor) -> dict[str, Tensor]:
        """Return the gradients of a sum of scores with respect to the outputs, as maps (N, C, h, w), by path.

        An output on which the score does not depend has a gradient of zeros.
        """
        seen = self._seen()
        outputs = [self.outputs[layer.path] for layer in seen]
        found = torch.autograd.grad(score, outputs, allow_unused=True)
        filled = [torch.zeros_like(o) if g is None else g for o, g in zip(outputs, found, strict=True)]
        return {layer.path: as_maps(g, layer.stage.layout).detach() for layer, g in zip(seen, filled, strict=True)}

    def _seen(self) -> list[RecordedLayer]:
        return [layer for layer in self.layers if layer.path in self.outputs]


def map_stages(network: Network) -> list[Stage]:
    """Return the backbone's stages whose output has positions, so that it can be laid over a picture."""
    return [stage for stage in network.stages[:-1] if stage.layout is not Layout.FLAT]


def find_map_stage(network: Network, name: str | None) -> Stage:
    """Return a backbone stage with feature maps by name, the last for None.

    Raises ``UnknownNameError`` for any other, ``TlvizError`` where there is none.
    """
    stages = map_stages(network)
    if not stages:
        raise TlvizError(
            f"No stage of {network.spec.name} keeps a grid of positions; choose a method that works on pixels."
        )
    return stages[-1] if name is None else find_stage(stages, name, f"stage with feature maps in {network.spec.name}")


def recorded_layers(network: Network) -> list[RecordedLayer]:
    """Return the end of each stage; of tokens the end of each block, because some ends hold nothing of the patches."""
    layers = []
    for stage in map_stages(network):
        paths = stage.modules if stage.layout is Layout.TOKENS else stage.modules[-1:]
        layers += [RecordedLayer(stage, path) for path in paths]
    return layers


@contextmanager
def record_activations(module: nn.Module, layers: Sequence[RecordedLayer]) -> Iterator[RecordedActivations]:
    """Keep the outputs of some layers in a module's forward passes; the hooks are gone afterwards.

    What is kept is never overwritten by a layer that works in place: that gets a copy.  In a frozen network the graph
    begins at the first of them.
    """
    seen = RecordedActivations(layers)

    def keep(layer: RecordedLayer, output: object) -> Tensor | None:
        if (
            not isinstance(output, Tensor) or output.ndim != _AXES[layer.stage.layout]
        ):  # a token stage may begin with maps
            return None
        kept = output if output.requires_grad else output.detach().requires_grad_()
        seen.outputs[layer.path] = kept
        return kept.clone()

    with ExitStack() as stack:
        for layer in layers:
            recorded = module.get_submodule(layer.path)
            handle = recorded.register_forward_hook(lambda _l, _i, output, layer=layer: keep(layer, output))
            stack.callback(handle.remove)
        yield seen

"""The network without its head: its weights, and a graph from pixels to features."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor, nn

from tlviz.export.bundle import portable_weights
from tlviz.export.files.content import Content
from tlviz.export.files.graph import describe, needed, save_graph, to_graph
from tlviz.export.files.program import trace
from tlviz.models.hooks import forward_hooks
from tlviz.models.layout import as_features
from tlviz.models.load import Network
from tlviz.models.stages import owns


class Backbone(nn.Module):
    """From pixels (N, 3, S, S) to the last backbone stage's features (N, D), the mean over its positions."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        stage = network.stages[-2]
        self.module, self._end, self._layout = network.module, stage.modules[-1], stage.layout

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the features; what the head computes is thrown away, and falls out of a traced program."""
        outputs: list[Tensor] = []
        with forward_hooks(
            {self._end: self.module.get_submodule(self._end)}, lambda _p, _l, output: outputs.append(output)
        ):
            self.module(pixels)
        return as_features(outputs[-1], self._layout)


def write_safetensors(content: Content, path: Path) -> None:
    """Write the weights of all stages but the head, the header as for the whole network."""
    network = content.network
    kept = {
        name: value
        for name, value in portable_weights(network).items()
        if any(owns(stage, name) for stage in network.stages[:-1])
    }
    stages = json.dumps([stage.name for stage in network.stages[:-1]])
    save_file(kept, path, metadata=dict(content.metadata) | {"part": "backbone", "stages": stages})


def write_onnx(content: Content, path: Path) -> None:
    """Write the graph from normalised pixels (N, 3, S, S) to features (N, D).  Raises ``CannotExportError``."""
    needed("onnx", "onnxscript")
    program = trace(Backbone(content.network), content.geometry.size, "The backbone")
    model = to_graph(program, "pixels", "features")
    describe(model, content)
    save_graph(model, path)

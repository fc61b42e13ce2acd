"""What the tests of checks share: a bundle whose network is so small that asking it takes no time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from tlviz.export.bundle import Bundle, read_header
from tlviz.export.checking import check_bundle as check_bundle_module
from tlviz.export.checking.check_bundle import FLOAT32, Asked, check_bundle
from tlviz.export.checking.renderings import spread
from tlviz.export.checking.verdict import Check
from tlviz.export.files.content import load_content
from tlviz.export.files.scripts import write_companions
from tlviz.export.files.table import Script
from tlviz.models.load import Network
from tlviz.runs.store.folder import RunFolder

SIZE = 64
WAYS = {"onnx": Asked("predict_onnx", "model.onnx", FLOAT32)}


class Small(nn.Module):
    """Tells pictures apart by the mean colours of their four quarters."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(12, 2, generator=torch.Generator().manual_seed(0)))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return nn.functional.avg_pool2d(pixels, SIZE // 2).flatten(1) @ self.weight


@dataclass(frozen=True)
class SmallBundle:
    """A bundle of the small network, and what its run says of it."""

    folder: Path
    run: RunFolder
    header: Bundle
    network: Network

    def check(self) -> Check:
        """Check its graph."""
        return check_bundle(self.run, self.header, self.network, self.folder, WAYS, lambda *_: None)["onnx"]

    def change(self, name: str, old: str, new: str) -> None:
        """Change one of its files."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def small(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallBundle:
    """Return a bundle with one graph and the program that asks it; one picture is rendered oddly."""
    monkeypatch.setattr(check_bundle_module, "spread", lambda paths: spread(paths, 1))
    folder = tmp_path / "bundle"
    folder.mkdir()
    content = load_content(run.weights, run.name)
    write_companions(content, folder, [Script.ONNX])
    module = Small()
    onnx.save(_graph(module.weight.detach().numpy()), folder / "model.onnx")
    return SmallBundle(folder, run, read_header(run.weights), replace(content.network, module=module.eval()))


def _graph(weight: np.ndarray) -> onnx.ModelProto:
    nodes = [
        helper.make_node("AveragePool", ["pixels"], ["pooled"], kernel_shape=[SIZE // 2] * 2, strides=[SIZE // 2] * 2),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["logits"]),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", 3, SIZE, SIZE])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 2])
    held = helper.make_tensor("weight", TensorProto.FLOAT, weight.shape, weight.tobytes(), raw=True)
    graph = helper.make_graph(nodes, "small", [pixels], [logits], [held])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

"""ONNX graphs: from normalised pixels, from pixels of 8 bits, and with weights of 8 bits."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from tlviz import __version__
from tlviz.export.files.content import CannotExportError, Content
from tlviz.export.files.program import REFUSALS, first_line, traced
from tlviz.models.spec import Preprocessing

_LARGEST = 2 * 2**30 - 2**24
"""One ONNX file holds 2 GB."""
_BATCH = "N"


def write_onnx(content: Content, path: Path) -> None:
    """Write the graph from normalised pixels (N, 3, S, S) to logits (N, C).  Raises ``CannotExportError``."""
    save_graph(_network_graph(content), path)


def write_uint8(content: Content, path: Path) -> None:
    """Write the graph from square pictures uint8 (N, S, S, 3) to logits (N, C).  Raises ``CannotExportError``."""
    save_graph(uint8_graph(content), path)


def uint8_graph(content: Content) -> Any:
    """Return the graph from square pictures uint8 (N, S, S, 3) in memory.  Raises ``CannotExportError``."""
    preprocessing = content.network.spec.pixels
    return content.once("graph from uint8", lambda: with_preprocessing(_network_graph(content), preprocessing))


def write_int8(content: Content, path: Path) -> None:
    """Write the graph with its weights in 8 bits, those of convolutions and products.  Raises ``CannotExportError``."""
    needed("onnxruntime")
    quantization = import_module("onnxruntime.quantization")
    with TemporaryDirectory() as folder, quiet():
        plain = Path(folder) / "plain.onnx"
        save_graph(_network_graph(content), plain)
        prepared = Path(folder) / "prepared.onnx"
        try:
            quantization.quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
            # ONNX Runtime computes convolutions of signed weights on no CPU, those of unsigned ones on every.
            quantization.quantize_dynamic(
                str(prepared), str(path), weight_type=quantization.QuantType.QUInt8, per_channel=False
            )
        except REFUSALS as error:
            raise CannotExportError(f"ONNX Runtime cannot bring the graph to 8 bits: {first_line(error)}") from error


def to_graph(program: Any, inputs: str, outputs: str, free: Sequence[str] = (_BATCH,)) -> Any:
    """Turn an exported program into an ONNX model in memory; ``free`` names its inputs' first sizes, which may vary.

    Raises ``CannotExportError``.
    """
    needed("onnx", "onnxscript")
    try:
        with quiet(), torch.no_grad():
            made = torch.onnx.export(
                program, dynamo=True, input_names=[inputs], output_names=[outputs], verbose=False, optimize=True
            )
        assert made is not None  # noqa: S101 (it is None only where it writes a file itself)
        model = made.model_proto
    except (torch.onnx.errors.OnnxExporterError, *REFUSALS) as error:
        raise CannotExportError(f"The network cannot be written as ONNX: {first_line(error)}") from error
    for node in model.graph.node:
        del node.metadata_props[:]  # where it stood in the code, in folders of this machine
    _name_free(model, free)
    return model


def with_preprocessing(model: Any, preprocessing: Preprocessing) -> Any:
    """Return a copy of a graph that takes pictures uint8 (N, S, S, 3) and normalises them itself."""
    onnx = needed("onnx")
    helper = onnx.helper
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    side = preprocessing.size
    pixels = graph.input[0].name
    pictures = helper.make_tensor_value_info("pictures", onnx.TensorProto.UINT8, [_BATCH, side, side, 3])
    scales = {
        "preprocessing_mean": np.array(preprocessing.mean, np.float32) * np.float32(255),
        "preprocessing_std": np.array(preprocessing.std, np.float32) * np.float32(255),
    }
    steps = [
        helper.make_node("Cast", ["pictures"], ["preprocessing_float"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Sub", ["preprocessing_float", "preprocessing_mean"], ["preprocessing_centred"]),
        helper.make_node("Div", ["preprocessing_centred", "preprocessing_std"], ["preprocessing_scaled"]),
        helper.make_node("Transpose", ["preprocessing_scaled"], [pixels], perm=[0, 3, 1, 2]),
    ]
    rest = list(graph.node)
    del graph.input[:], graph.node[:]
    graph.input.append(pictures)
    graph.node.extend([*steps, *rest])
    graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in scales.items())
    return changed


def save_graph(model: Any, path: Path) -> None:
    """Check a graph and write it as one file.  Raises ``CannotExportError`` where it does not fit into one."""
    onnx = needed("onnx")
    if model.ByteSize() > _LARGEST:
        raise CannotExportError(
            f"The network is too large for one ONNX file ({model.ByteSize() / 1e9:.1f} GB; 2 GB fit); take model.pt2."
        )
    onnx.checker.check_model(model)
    onnx.save(model, path)


def needed(*packages: str) -> Any:
    """Import packages that only this needs; return the first.  Raises ``CannotExportError`` where one is missing."""
    try:
        first, *_ = [import_module(package) for package in packages]
    except ModuleNotFoundError as error:
        raise CannotExportError(
            f"Writing ONNX needs {', '.join(packages)}, and {error.name} is not installed; run: pip install "
            f"{' '.join(packages)}"
        ) from error
    return first


@contextmanager
def quiet() -> Iterator[None]:
    """Keep remarks that nobody can act on from the screen."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _network_graph(content: Content) -> Any:
    def make() -> Any:
        needed("onnx", "onnxscript")  # before seconds go into tracing
        model = to_graph(traced(content), "pixels", "logits")
        describe(model, content)
        return model

    return content.once("graph", make)


def describe(model: Any, content: Content) -> None:
    """Write into a graph what the header of the weights says, so that the file can be told from others."""
    onnx = needed("onnx")
    model.producer_name, model.producer_version = "tlviz", __version__
    words = {
        name: content.metadata[name]
        for name in ("architecture", "classes", "preprocessing")
        if name in content.metadata
    }
    onnx.helper.set_model_props(model, words | {"run": content.run})


def _name_free(model: Any, names: Sequence[str]) -> None:
    """Call each free size by one name everywhere."""
    new = {
        dim.dim_param: name
        for value in (*model.graph.input, *model.graph.output)
        for dim, name in zip(value.type.tensor_type.shape.dim, names, strict=False)
        if dim.dim_param
    }
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in new:
                dim.dim_param = new[dim.dim_param]

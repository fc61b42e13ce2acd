"""The files of a text encoder: the folder that transformers opens, and the graph for ONNX Runtime."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tlviz.data.texts.source import load_tokenizer
from tlviz.export.files.content import CannotExportError, Content
from tlviz.export.files.graph import describe, save_graph, to_graph
from tlviz.export.files.graph import needed as needed_for_onnx
from tlviz.export.files.program import REFUSALS, first_line
from tlviz.export.texts.stock import Answering, stock_encoder
from tlviz.home import write_text
from tlviz.models.spec import Pooling
from tlviz.models.texts.folder import CONFIG, TOKENIZER
from tlviz.small_files import MB, read_object

TOKENIZER_CONFIG = "tokenizer_config.json"
_MARKS = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
_TRACED = (2, 7)
"""Texts and tokens of the batch that is traced: one alone would be taken for a fixed number."""


def write_folder(content: Content, path: Path) -> None:
    """Write ``model.safetensors``, ``config.json`` and the tokenizer: what ``from_pretrained`` of transformers opens.

    Raises ``CannotExportError`` where no network of the library gives the run's answers.
    """
    stock, folder = _stock(content), path.parent
    config = json.loads(stock.config.to_json_string())
    config = {name: value for name, value in config.items() if not name.startswith("_")} | {"dtype": "float32"}
    preprocessing = dict(content.header.preprocessing) | {"pooling": str(Pooling.OWN)}
    said = {"encoder": json.dumps(config), "preprocessing": json.dumps(preprocessing)}
    weights = {name: tensor.contiguous() for name, tensor in stock.state_dict().items()}
    save_file(weights, path, metadata=dict(content.metadata) | said)
    write_text(folder / CONFIG, _indented(config))
    source = content.network.spec.tokens.tokenizer
    shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)
    write_text(folder / TOKENIZER_CONFIG, _indented(_tokenizer_config(content, source)))


def write_onnx(content: Content, path: Path) -> None:
    """Write the graph from token numbers int64 (N, L) to logits (N, C).  Raises ``CannotExportError``."""
    save_graph(_graph(content), path)


def _stock(content: Content) -> Any:
    return content.once("stock encoder", lambda: stock_encoder(content.network))


def _tokenizer_config(content: Content, source: Path) -> dict[str, Any]:
    """Return what lets transformers read ``tokenizer.json`` as it is, with the run's limit."""
    given = read_object(source / TOKENIZER_CONFIG, MB) or {}
    marks = {name: _written(given[name]) for name in _MARKS if given.get(name)}
    pad = load_tokenizer(str(source)).id_to_token(content.network.spec.tokens.pad)
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": content.geometry.size,
        "model_input_names": ["input_ids", "attention_mask"],
        "padding_side": "right",
        **marks,
        "pad_token": pad,
    }


def _written(mark: Any) -> str:
    """Return a special token's text; the library also writes it as an object."""
    return str(mark.get("content", "")) if isinstance(mark, dict) else str(mark)


def _graph(content: Content) -> Any:
    def make() -> Any:
        needed_for_onnx("onnx", "onnxscript")  # before seconds go into tracing
        model = to_graph(_traced(content), "tokens", "logits", ("N", "L"))
        describe(model, content)
        return model

    return content.once("graph", make)


def _traced(content: Content) -> Any:
    """Return the encoder as a program for any number of texts of any length up to its limit."""
    tokens = content.network.spec.tokens
    sample = torch.full(_TRACED, tokens.pad + 1, dtype=torch.long)
    sizes = ({0: torch.export.Dim("N"), 1: torch.export.Dim("L", max=content.network.spec.max_size)},)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            program = torch.export.export(
                Answering(_stock(content), tokens.pad).eval(), (sample,), dynamic_shapes=sizes
            )
    except REFUSALS as error:
        raise CannotExportError(f"The encoder cannot be traced by torch.export: {first_line(error)}") from error
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # names folders of this machine
    return program


def _indented(values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"

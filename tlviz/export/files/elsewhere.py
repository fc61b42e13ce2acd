"""What other libraries open: the folder as timm reads it, and what LoRA trained for peft."""

from __future__ import annotations

import json
from pathlib import Path

from tlviz.errors import TlvizError
from tlviz.export.adapter import lora_adapter
from tlviz.export.files.content import CannotExportError, Content
from tlviz.export.files.fitting import without_adapter, without_timm
from tlviz.export.files.tensors import write_safetensors
from tlviz.export.timm_folder import WEIGHTS, timm_config
from tlviz.home import make_folder, write_atomic, write_text


def write_timm(content: Content, path: Path) -> None:
    """Write ``config.json`` and the weights that it is for.  Raises ``CannotExportError`` for another library."""
    if reason := without_timm(content.network.spec.provider, content.network.spec.architecture):
        raise CannotExportError(reason)
    config = timm_config(content.network, content.geometry)
    write_text(path, json.dumps(config, ensure_ascii=False, indent=2) + "\n")
    if not (weights := path.with_name(WEIGHTS)).exists():
        write_safetensors(content, weights)


def write_adapter(content: Content, path: Path) -> None:
    """Write the folder of the adapter.  Raises ``CannotExportError`` where the run trained none."""
    if reason := without_adapter(content.header.training.get("settings") or {}):
        raise CannotExportError(reason)
    try:
        files = lora_adapter(content.network, content.header).files
    except TlvizError as error:
        raise CannotExportError(f"No adapter: {error}") from error
    for name, written in files.items():
        write_atomic(make_folder(path) / name, written)

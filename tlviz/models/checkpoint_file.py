"""A person's checkpoint as it lies on the disk: what it says it holds first, then its numbers."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from tlviz.errors import BadWeightsError
from tlviz.models.code_calls import find_code
from tlviz.models.imported import read_metadata
from tlviz.models.promised import Promise
from tlviz.models.stored import StoredFile, damage, need_file, open_stored, read_promised

_NAMED = 4
_EXPECTED = {
    "collections.OrderedDict",
    "builtins.set",
    "__builtin__.set",
    "torch.Size",
    "_codecs.encode",
    "torch.device",
}
_LAYERS = "torch.nn.modules."


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """A checkpoint: ``content`` holds a tensor or a ``Promise`` of one in each place, ``hints`` what else it says."""

    path: Path
    content: Any
    hints: Any
    metadata: Mapping[str, str]
    stored: StoredFile | None

    def left_unread(self) -> str:
        """Name the objects beside the tensors that were not opened, '' where there are none."""
        if self.stored is None or self.stored.is_plain:
            return ""
        made = dict.fromkeys(call.kind for call in self.stored.reading.calls if call.kind not in _EXPECTED)
        if any(kind.startswith(_LAYERS) for kind in made):
            return "The network was saved whole: its tensors were read, its code was not."
        kinds = list(made)
        more = f" and {len(kinds) - _NAMED} kinds more" if len(kinds) > _NAMED else ""
        return f"Objects beside the tensors were not opened: {', '.join(kinds[:_NAMED])}{more}." if kinds else ""


def open_checkpoint(path: Path) -> CheckpointFile:
    """Open a safetensors file or one of ``torch.save``, whatever its ending; no code of it is ever run.

    A file of nothing but plain tensors goes through torch's own loader, with ``weights_only``; of any other a
    description is read, and its numbers where they are asked for.

    Raises ``BadWeightsError`` for damaged files, traps, programs, and what is no checkpoint.
    """
    need_file(path)
    if _is_safetensors(path):
        words = read_metadata(path)
        with damage(path):
            hints = {name: _parsed(text) for name, text in words.items()}
            return CheckpointFile(path, load_file(path), hints, words, None)
    stored = open_stored(path)
    code = find_code(stored.reading) if not stored.is_plain else ""
    if code:
        raise BadWeightsError(
            f"The file {path} was refused: it is not a plain weights file and could run code when opened (it calls "
            f"{code}). Save the network's state_dict alone, best as safetensors."
        )
    content = stored.reading.content
    if stored.is_plain:
        with damage(path), suppress(pickle.UnpicklingError):  # what it refuses is read by its description
            content = torch.load(path, map_location="cpu", weights_only=True)
    return CheckpointFile(path, content, content, {}, stored)


def read_values(file: CheckpointFile, wanted: Mapping[str, Promise | Tensor]) -> dict[str, Tensor]:
    """Read the numbers of some tensors of a file, and of nothing else in it.  Raises ``BadWeightsError``."""
    promised = {name: value for name, value in wanted.items() if isinstance(value, Promise)}
    tensors = {name: value for name, value in wanted.items() if isinstance(value, Tensor)}
    return tensors | read_promised(file.stored, promised) if promised and file.stored else tensors


def _is_safetensors(path: Path) -> bool:
    with damage(path), path.open("rb") as file:
        start = file.read(9)
    return path.suffix.lower() == ".safetensors" or (start[8:] == b"{" and int.from_bytes(start[:8], "little") < 2**30)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if len(text) < 10_000_000 else text
    except (ValueError, RecursionError):
        return text

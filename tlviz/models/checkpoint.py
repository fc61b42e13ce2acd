"""Importing a person's own checkpoint: freed of its wrappers, compared by name and shape, kept as plain data."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from tlviz.errors import BadSettingError, BadWeightsError
from tlviz.home import make_folder, storage_errors, write_atomic
from tlviz.models.build import auxiliary_keys, build_module
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.head import head_keys
from tlviz.models.imported import (
    CARD,
    WEIGHTS,
    check_name,
    checkpoints_folder,
    exported_model,
    own_model,
    read_metadata,
)
from tlviz.models.load import build_for_target
from tlviz.models.probe import fingerprint
from tlviz.models.spec import ModelSpec
from tlviz.models.weights import read_file

NAMED = 3
"""A message names at most this many tensors of a kind."""
GUESSES = 12
"""At most this many architectures with the same tensor names are compared by shape."""
_DEPTH = 3

Tensors = dict[str, Tensor]


def import_checkpoint(path: Path, architecture: str, classes: Sequence[str], name: str) -> ModelSpec:
    """Keep a checkpoint under a name, so that it is a source like any other, and return its row.

    ``path`` is a safetensors file or a ``state_dict`` saved with torch, alone or inside a training checkpoint;
    ``architecture`` is a name of the catalogue and ``classes`` are the names in the order of the logits, both ''/()
    for a file that this program exported.  The head's size is the file's own.  Raises ``BadWeightsError`` where the
    tensors do not fit, ``BadSettingError`` for the names, ``UnknownNameError``, ``StorageError``.
    """
    check_name(name)
    header = read_metadata(path) if path.suffix == ".safetensors" else {}
    is_exported = "classes" in header and not architecture
    content = read_file(path)
    if not is_exported and not architecture:
        raise BadSettingError(
            f"The file {path} does not state its architecture; choose it. {_fitting(_candidates(content))}"
        )
    base = exported_model(path) if is_exported else find_model(architecture)
    tensors, parameters, count = _adopt(path, base, content)
    names = _class_names(path, tuple(classes) or base.classes, count)
    return _keep(replace(base, classes=names, parameters=parameters), tensors, name)


def read_classes(path: Path) -> tuple[str, ...]:
    """Read class names from a text file, one a line, or from JSON: a list, or an object of names and numbers.

    Raises ``BadSettingError``.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = json.loads(text) if path.suffix == ".json" else text.splitlines()
    except (OSError, ValueError) as error:
        raise BadSettingError(f"The class names {path} cannot be read: {error}.") from error
    if isinstance(found, dict):
        found = _in_order(path, found)
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise BadSettingError(
            f"The class names {path} must be a JSON list of names, or an object of names and numbers."
        )
    names = tuple(entry.strip() for entry in found if entry.strip())
    if not names:
        raise BadSettingError(f"The file {path} holds no class names.")
    return names


def _in_order(path: Path, found: Mapping[str, Any]) -> list[Any]:
    """Order {"cat": 0} or {"0": "cat"} by the numbers."""
    try:
        pairs = [(int(v), k) if isinstance(v, int) else (int(k), v) for k, v in found.items()]
    except ValueError as error:
        raise BadSettingError(f"The class names {path} must be names with their numbers: {error}.") from error
    if sorted(number for number, _ in pairs) != list(range(len(pairs))):
        raise BadSettingError(f"The numbers of the class names {path} must be 0 to {len(pairs) - 1}, each once.")
    return [name for _, name in sorted(pairs)]


def _adopt(path: Path, base: ModelSpec, content: Any) -> tuple[Tensors, int, int]:
    """Return the tensors named and shaped as the architecture's, how many parameters and how many classes they have."""
    network = build_for_target(base, ("a", "b"), pretrained=False, seed=0)
    expected = set(network.module.state_dict())
    auxiliary = auxiliary_keys(base)
    tensors = {key: value for key, value in _choose(content, expected).items() if key not in auxiliary}
    missing, unexpected = sorted(expected - tensors.keys()), sorted(tensors.keys() - expected)
    if missing or unexpected:
        raise _unlike(path, base, content, missing, unexpected)
    _check_numbers(path, tensors, network.module.state_dict())
    count = next(len(tensors[key]) for key in head_keys(network.module, network.stages))
    shapes = _shapes(base, count)
    wrong = [key for key in sorted(expected) if tensors[key].shape != shapes[key]]
    if wrong:
        said = f"'{wrong[0]}' is {_sides(tensors[wrong[0]].shape)} instead of {_sides(shapes[wrong[0]])}"
        raise BadWeightsError(
            f"The checkpoint {path} does not fit {base.architecture}: {said}{_more(wrong, 1)}. "
            f"{_fitting(_candidates(content), not_this=base.architecture)}"
        )
    learned = [name for name, _ in network.module.named_parameters()]
    return tensors, sum(tensors[name].numel() for name in learned), count


def _check_numbers(path: Path, tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Raise ``BadWeightsError`` unless all tensors are plain ones of finite numbers of the architecture's kind."""
    for key, value in tensors.items():
        wanted = expected[key]
        is_like = value.layout is torch.strided and value.ndim == wanted.ndim and not value.is_complex()
        if not is_like or value.is_floating_point() != wanted.is_floating_point() or not value.isfinite().all():
            raise BadWeightsError(
                f"The checkpoint {path} cannot be used: '{key}' does not hold finite numbers of the type that the "
                "architecture expects."
            )


def _unlike(path: Path, base: ModelSpec, content: Any, missing: list[str], unexpected: list[str]) -> BadWeightsError:
    parts = [
        f"{len(keys):,} {kind}: {', '.join(keys[:NAMED])}{_more(keys, NAMED)}"
        for kind, keys in (("missing", missing), ("unexpected", unexpected))
        if keys
    ]
    return BadWeightsError(
        f"The checkpoint {path} does not fit {base.architecture}; tensors {'; '.join(parts)}. "
        f"{_fitting(_candidates(content), not_this=base.architecture)}"
    )


def _choose(content: Any, expected: set[str]) -> Tensors:
    """Return the group of tensors, freed of its wrappers' prefix, that shares most names with an architecture.

    An averaged copy (``ema``) goes before the raw one, as in timm.
    """
    groups = sorted(_groups(content), key=lambda group: "ema" not in group[0])
    freed = [_without_prefix(tensors, expected) for _, tensors in groups]
    return max(freed, key=lambda tensors: len(tensors.keys() & expected), default={})


def _groups(content: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Tensors]]:
    """Yield each dictionary of named tensors inside a checkpoint, with the name it has there."""
    if not isinstance(content, Mapping) or depth > _DEPTH:
        return
    named = {key: value for key, value in content.items() if isinstance(key, str)}
    tensors = {key: value for key, value in named.items() if isinstance(value, Tensor)}
    if tensors:
        yield name, tensors
    for key, value in named.items():
        yield from _groups(value, key, depth + 1)


def _without_prefix(tensors: Tensors, expected: set[str]) -> Tensors:
    """Take away what wrappers put before the names (module., model., _orig_mod. and any other, also several)."""
    prefixes = {""}
    for known in sorted(expected, key=len)[-5:]:
        prefixes |= {key.removesuffix(known) for key in tensors if key.endswith(f".{known}")}
    freed = [
        {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        for prefix in sorted(prefixes)
    ]
    return max(freed, key=lambda found: len(found.keys() & expected))


def _candidates(content: Any) -> list[str]:
    """Return the architectures of the catalogue that have a checkpoint's tensor names and, but for the head, shapes."""
    for _, group in _groups(content):
        tensors = group
        while tensors:
            found = fingerprint(tensors)
            rows = {spec.architecture: spec for spec in MODELS.values() if spec.keys == found}
            fits = [name for name, spec in list(rows.items())[:GUESSES] if _has_shapes(spec, tensors)]
            if fits:
                return fits
            first = {key.partition(".")[0] for key in tensors}
            if len(first) > 1:
                break
            tensors = {key.partition(".")[2]: value for key, value in tensors.items() if "." in key}
    return []


def _has_shapes(spec: ModelSpec, tensors: Tensors) -> bool:
    shapes = _shapes(spec, 2)
    unlike = [key for key, value in tensors.items() if key in shapes and value.shape[1:] != shapes[key][1:]]
    sized = [key for key, value in tensors.items() if key in shapes and value.shape[:1] != shapes[key][:1]]
    return not unlike and len(sized) <= 2  # the weights and biases of a head of another size


def _shapes(spec: ModelSpec, class_count: int) -> dict[str, torch.Size]:
    """Return the shape of each tensor of an architecture, built without memory where its builder can."""
    module = build_module(spec, class_count, initialise=False, device="meta")
    return {name: value.shape for name, value in module.state_dict().items()}


def _fitting(architectures: Sequence[str], not_this: str = "") -> str:
    others = [name for name in architectures if name != not_this]
    if others:
        return f"Its tensors fit {', '.join(others[:NAMED])}{_more(others, NAMED)}."
    return "It probably belongs to another architecture, or to another version of the library."


def _class_names(path: Path, names: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return the class names if they are as many as the head has outputs."""
    if not names:
        raise BadSettingError(f"The checkpoint {path} has {count} classes but no names for them; give a list of names.")
    if len(names) != count:
        raise BadSettingError(f"The checkpoint {path} has {count} classes, but {len(names)} names were given.")
    if len(set(names)) != count:
        twice = next(name for name in names if names.count(name) > 1)
        raise BadSettingError(f"The class name '{twice}' was given more than once.")
    return names


def _keep(spec: ModelSpec, tensors: Tensors, name: str) -> ModelSpec:
    """Write weights and card into a folder that appears completely or not at all, and return its row."""
    content = save({key: value.detach().clone().contiguous() for key, value in tensors.items()})
    card = {
        "provider": spec.provider,
        "architecture": spec.architecture,
        "like": spec.name,
        "classes": spec.classes,
        "preprocessing": asdict(spec.preprocessing),
        "parameters": spec.parameters,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    folder = make_folder(checkpoints_folder())
    with storage_errors(folder):
        temporary = Path(tempfile.mkdtemp(dir=folder, prefix=".import-"))
    try:
        write_atomic(temporary / WEIGHTS, content)
        write_atomic(temporary / CARD, json.dumps(card, indent=1).encode())
        with storage_errors(folder / name):
            temporary.rename(folder / name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    kept = own_model(name)
    if kept is None:
        raise BadWeightsError(f"The checkpoint {name} was written to {folder / name} but cannot be read back.")
    return kept


def _sides(shape: torch.Size) -> str:
    return " x ".join(str(side) for side in shape) or "one number"


def _more(keys: Sequence[str], named: int) -> str:
    return f" and {len(keys) - named:,} more" if len(keys) > named else ""

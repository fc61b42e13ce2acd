"""Importing a person's own checkpoint: freed of its wrappers, compared by name and shape, kept as plain data."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from tlviz.errors import BadSettingError, BadWeightsError
from tlviz.home import make_folder, storage_errors, write_atomic
from tlviz.models.build import auxiliary_keys, build_module, can_rescale
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.checkpoint_file import CheckpointFile, open_checkpoint, read_values
from tlviz.models.class_lists import name_classes, read_classes
from tlviz.models.exported_bundle import weights_file
from tlviz.models.file_hints import find_flag, find_scaling
from tlviz.models.fit_tensors import fit_names, two_outputs
from tlviz.models.head import ends_rectified, head_keys
from tlviz.models.imported import CARD, WEIGHTS, check_name, checkpoints_folder, exported_model, own_model
from tlviz.models.input_scale import remembers_rescaling
from tlviz.models.load import architecture as architecture_of
from tlviz.models.preparation import Given, assumed, prepare
from tlviz.models.probe import fingerprint
from tlviz.models.promised import Promise
from tlviz.models.spec import ModelSpec, Preprocessing
from tlviz.models.stored import damage
from tlviz.models.weight_sets import MOST_DEEP, around, choose_set, find_sets, weight_groups

__all__ = ["import_checkpoint", "read_classes"]

NAMED = 3
"""A message names at most this many tensors of a kind."""
GUESSES = 12
"""At most this many architectures with the same tensor names are compared by shape."""
MOST_OUTPUTS = 1_000_000
_NOTHING_GIVEN = Given()

Tensors = dict[str, Tensor]


def import_checkpoint(
    path: Path, architecture: str, classes: Sequence[str], name: str, given: Given = _NOTHING_GIVEN
) -> ModelSpec:
    """Keep a checkpoint under a name, so that it is a source like any other, and return its row.

    ``path`` is a safetensors file or one saved with torch: a ``state_dict``, alone or inside a training checkpoint, or
    a whole network; or a bundle that this program exported, as a folder or a ZIP.  ``architecture`` is a name of the
    catalogue, '' for what this program exported; ``classes`` are the names in the order of the logits, () where the
    file holds them.  The head's size is the file's own.  What nobody stated is assumed, and the row's ``notes`` say it.
    Raises ``BadWeightsError`` where the tensors do not fit, ``BadSettingError`` for names and values,
    ``UnknownNameError``, ``StorageError``.
    """
    check_name(name)
    with weights_file(path) as weights:
        return _import(weights, architecture, classes, name, given)


def _import(path: Path, architecture: str, classes: Sequence[str], name: str, given: Given) -> ModelSpec:
    file = open_checkpoint(path)
    is_exported = "classes" in file.metadata and "preprocessing" in file.metadata and not architecture
    if not is_exported and not architecture:
        raise BadSettingError(
            f"The file {path} does not state its architecture; choose it. {_fitting(_candidates(file.content))}"
        )
    base = exported_model(path) if is_exported else find_model(architecture)
    given, notes = (given, []) if is_exported else _hinted(file, given)
    preprocessing = prepare(base, given)
    adopted = _adopt(file, base, given)
    named, said = name_classes(path, tuple(classes) or base.classes, file.hints, adopted.count)
    rescales, told = _rescaling(base, given, adopted, preprocessing, file.hints)
    notes += [*adopted.notes, *said, *told, file.left_unread()]
    notes += [] if is_exported else [assumed(base, given, preprocessing)]
    row = replace(
        base,
        classes=named,
        parameters=adopted.parameters,
        preprocessing=preprocessing,
        transform_input=rescales,
        notes=tuple(filter(None, notes)),
    )
    return _keep(row, adopted.tensors, name)


@dataclass(frozen=True, slots=True)
class _Adopted:
    """Tensors of an architecture and its network without memory; ``count`` is the file's number of outputs."""

    tensors: Tensors
    module: nn.Module
    parameters: int
    count: int
    notes: tuple[str, ...]


def _hinted(file: CheckpointFile, given: Given) -> tuple[Given, list[str]]:
    """Take mean and deviation from the file's own settings where it has them and nobody says others."""
    found = find_scaling(file.hints)
    if found is None or given.mean is not None or given.std is not None:
        return given, []
    mean, std = found
    said = f"Mean {', '.join(f'{v:.3g}' for v in mean)} and std {', '.join(f'{v:.3g}' for v in std)}"
    return replace(given, mean=mean, std=std), [f"{said} are the file's own."]


def _adopt(file: CheckpointFile, base: ModelSpec, given: Given) -> _Adopted:
    """Return the tensors named and shaped as the architecture's, shapes being compared before a number is read."""
    path = file.path
    module, stages = architecture_of(base, 2)
    plan = module.state_dict()
    heads, auxiliary = head_keys(module, stages), auxiliary_keys(base)
    with damage(path):
        sets = find_sets(file.content, set(plan))
    chosen, said = choose_set(path, sets, set(plan), given.weights_key)
    found = {key: value for key, value in (chosen.tensors if chosen else {}).items() if key not in auxiliary}
    fitted = fit_names(found, around(file.content, chosen), plan, heads)
    if fitted.doubt:
        raise BadWeightsError(
            f"The checkpoint {path} holds {fitted.doubt}; what stands between them is not in the file, so its answers "
            "cannot be rebuilt. To fine-tune its backbone here, put one linear layer in their place and save it again."
        )
    tensors: dict[str, Promise | Tensor] = {**fitted.tensors, **fitted.added}
    missing, unexpected = sorted(plan.keys() - tensors.keys()), sorted(tensors.keys() - plan.keys())
    if missing or unexpected:
        raise _unlike(path, base, file.content, missing, unexpected)
    odd = next((key for key, value in tensors.items() if isinstance(value, Promise) and value.odd), "")
    if odd:
        raise BadWeightsError(f"The checkpoint {path} cannot be used: '{odd}' is {tensors[odd].odd}.")  # type: ignore[union-attr]
    count = _outputs(path, tensors, heads)
    _check_shapes(path, base, tensors, _shapes(base, count), file.content)
    values = {**read_values(file, tensors)}
    _check_numbers(path, values, plan)
    notes = [said, *fitted.notes]
    if count == 1:
        values = two_outputs(values, heads, is_rectified=ends_rectified(module, stages[-1]))
        notes.append(
            "Its single output is read as a sigmoid: two classes, the second where it is above 0.5, with the "
            "probabilities 1 - p and p."
        )
    learned = [name for name, _ in module.named_parameters()]
    return _Adopted(values, module, sum(values[name].numel() for name in learned), count, tuple(notes))


def _outputs(path: Path, tensors: Mapping[str, Promise | Tensor], heads: set[str]) -> int:
    """Return how many outputs a head has."""
    shape = next(tensors[key].shape for key in sorted(heads, reverse=True))
    if not shape or not 0 < shape[0] <= MOST_OUTPUTS:
        said = "no outputs" if not shape or not shape[0] else f"{shape[0]:,} outputs"
        raise BadWeightsError(f"The checkpoint {path} cannot be used: its head has {said}.")
    return int(shape[0])


def _check_shapes(
    path: Path,
    base: ModelSpec,
    tensors: Mapping[str, Promise | Tensor],
    shapes: Mapping[str, torch.Size],
    content: Any,
) -> None:
    wrong = [key for key in sorted(shapes) if tensors[key].shape != shapes[key]]
    if wrong:
        said = f"'{wrong[0]}' is {_sides(tensors[wrong[0]].shape)} instead of {_sides(shapes[wrong[0]])}"
        raise BadWeightsError(
            f"The checkpoint {path} does not fit {base.architecture}: {said}{_more(wrong, 1)}. "
            f"{_fitting(_candidates(content), not_this=base.architecture)}"
        )


def _check_numbers(path: Path, tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Raise ``BadWeightsError`` unless all tensors are plain ones of finite numbers of the architecture's kind."""
    for key, value in tensors.items():
        wanted = expected[key]
        is_like = value.layout is torch.strided and value.ndim == wanted.ndim and not value.is_complex()
        is_like = is_like and not value.is_meta and not value.is_quantized
        if not is_like or value.is_floating_point() != wanted.is_floating_point() or not _is_finite(value):
            raise BadWeightsError(
                f"The checkpoint {path} cannot be used: '{key}' does not hold finite numbers of the type that the "
                "architecture expects."
            )


def _is_finite(value: Tensor) -> bool:
    return bool((value.float() if value.is_floating_point() else value).isfinite().all())  # float8 has no isfinite


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


def _candidates(content: Any) -> list[str]:
    """Return the architectures of the catalogue that have a checkpoint's tensor names and, but for the head, shapes."""
    for _, group in islice(weight_groups(content), GUESSES):
        tensors: Mapping[str, Any] = group
        for _ in range(MOST_DEEP):
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


def _has_shapes(spec: ModelSpec, tensors: Mapping[str, Any]) -> bool:
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


def _rescaling(
    base: ModelSpec, given: Given, adopted: _Adopted, preprocessing: Preprocessing, hints: Any
) -> tuple[bool, list[str]]:
    """Return whether the network rescales its input, and what has to be said about it."""
    if not can_rescale(base):
        if given.transform_input is not None:
            raise BadSettingError(
                f"{base.architecture} cannot rescale its input; --transform-input is for those of torchvision that can."
            )
        return base.transform_input, []
    if given.transform_input is not None:
        return given.transform_input, []
    if base.own:
        return base.transform_input, []
    other = "--no-transform-input"
    stated = find_flag(hints, "transform_input")
    if stated is None:
        stated = remembers_rescaling(adopted.tensors, adopted.module, preprocessing)
        why = "as the statistics of its first BatchNorm suggest" if stated is not None else "as in most own training"
    else:
        why = "as the file's settings say"
    rescales = bool(stated)
    verb = "rescales" if rescales else "does not rescale"
    other = "--no-transform-input" if rescales else "--transform-input"
    return rescales, [f"Assumed: it {verb} its input (transform_input), {why}; if not, import it again with {other}."]


def _keep(spec: ModelSpec, tensors: Tensors, name: str) -> ModelSpec:
    """Write weights and card into a folder that appears completely or not at all, and return its row."""
    content = save({key: value.detach().clone().contiguous() for key, value in tensors.items()})
    card = {
        "provider": spec.provider,
        "architecture": spec.architecture,
        "like": spec.name,
        "classes": spec.classes,
        "preprocessing": asdict(spec.preprocessing),
        "transform_input": spec.transform_input,
        "notes": spec.notes,
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

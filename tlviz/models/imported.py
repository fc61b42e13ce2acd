"""The person's own checkpoints as networks that can be picked, read without torch.

An imported one is a folder ``checkpoints/NAME`` of the home with ``card.json`` and ``weights.safetensors``; a file that
this program exported says everything in its header and is picked by its path.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from tlviz.errors import BadSettingError, BadWeightsError, TlvizError, UnknownNameError, quoted
from tlviz.home import home, is_portable_name, storage_errors
from tlviz.medium import Medium
from tlviz.models.preparation import check_preprocessing
from tlviz.models.spec import ModelSpec, Provider
from tlviz.models.table import MODELS, find_architecture
from tlviz.models.texts.exported import exported_encoder
from tlviz.program import command
from tlviz.small_files import DamagedFileError, read_json

CARD = "card.json"
WEIGHTS = "weights.safetensors"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)
_LONGEST_HEADER = 16 * 2**20
"""The format allows 100 MB; networks of thousands of tensors need one."""
_MOST_TENSORS = 50_000
_LONGEST_CARD = 16 * 2**20
_MOST_NOTES, _LONGEST_NOTE = 20, 500
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError, TlvizError)
"""What reading a damaged card or header raises."""


def checkpoints_folder() -> Path:
    """Return the folder that holds one sub-folder a checkpoint."""
    return home() / "checkpoints"


def check_name(name: str) -> str:
    """Return a name that a new checkpoint may have.  Raises ``BadSettingError`` for any other."""
    if not _NAME.fullmatch(name) or ".." in name or not is_portable_name(name):
        raise BadSettingError(
            f"The name '{name}' cannot be used; take up to 64 letters, digits, dots, hyphens and underscores, starting "
            "with a letter or digit and not ending with a dot; CON, NUL and a few more are devices on Windows."
        )
    if name in MODELS:
        raise BadSettingError(f"'{name}' is a network of the catalogue; choose another name.")
    if (checkpoints_folder() / name).exists():
        raise BadSettingError(f"There is a checkpoint '{name}' already; choose another name, or delete that one first.")
    return name


def own_models() -> list[ModelSpec]:
    """Return the imported checkpoints by name; damaged ones are left out, see ``damaged_models``."""
    return [spec for name in _names() if (spec := own_model(name)) is not None]


def damaged_models() -> dict[str, str]:
    """Return {name: what is wrong} of the imported checkpoints whose card or weights cannot be used."""
    return {name: wrong for name in _names() if (wrong := _what_is_wrong(name))}


def own_model(name: str) -> ModelSpec | None:
    """Return the imported checkpoint of a name, or None where there is none or it is damaged."""
    try:
        return _read_own(name) if _NAME.fullmatch(name) else None
    except _UNREADABLE:
        return None


def need_own(name: str) -> None:
    """Raise ``BadWeightsError`` where there is an imported checkpoint of this name that is damaged."""
    wrong = _what_is_wrong(name) if _NAME.fullmatch(name) and (checkpoints_folder() / name).is_dir() else ""
    if wrong:
        raise BadWeightsError(
            f"The checkpoint {name} is damaged ({wrong}); delete it with: {command(f'models delete {name}')}, and "
            "import it again."
        )


def _names() -> list[str]:
    try:
        return sorted(path.name for path in checkpoints_folder().iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return []


def _what_is_wrong(name: str) -> str:
    try:
        _read_own(name)
    except KeyError as error:
        return f"its card lacks {quoted(str(error.args[0]) if error.args else '')}"
    except _UNREADABLE as error:
        return quoted(str(error).rstrip("."), 160)[1:-1] or type(error).__name__
    return ""


def _read_own(name: str) -> ModelSpec:
    """Read an imported checkpoint's card; raises one of ``_UNREADABLE``."""
    folder = checkpoints_folder() / name
    card = read_json(folder / CARD, _LONGEST_CARD)
    if not isinstance(card, dict):
        raise DamagedFileError(f"{CARD} is no card")
    base = MODELS.get(card["like"]) if isinstance(card["like"], str) else None
    base = base or find_architecture(Provider(card["provider"]), str(card["architecture"]))
    return _own(base, card, folder / WEIGHTS, name, str(card["sha256"]))


def exported_model(path: Path) -> ModelSpec:
    """Return the network of a file that this program exported.  Raises ``BadWeightsError`` for any other file."""
    header = read_metadata(path)
    try:
        if header.get("provider") == Provider.TRANSFORMERS:
            return exported_encoder(path, header)
        card = {name: json.loads(header[name]) for name in ("classes", "preprocessing")}
        said = {"transform_input": json.loads(header.get("transform_input", "true"))}
        base = find_architecture(Provider(header["provider"]), header.get("architecture") or header["model"])
        return _own(base, header | card | said | {"notes": []}, path, str(path), "")
    except (*_UNREADABLE,) as error:
        raise BadWeightsError(
            f"The file {path} does not name its network ({quoted(str(error).rstrip('.'), 160)[1:-1]}); import it with "
            f"its architecture and classes: {command('models import FILE --architecture A --classes FILE --name N')}"
        ) from error


def medium_of_weights(run: Saved) -> Medium:
    """Return what the network of a run's best weights takes; pictures where it has saved none."""
    if not run.weights.exists():
        return Medium.PICTURES
    is_encoder = read_metadata(run.weights).get("provider") == Provider.TRANSFORMERS
    return Medium.TEXTS if is_encoder else Medium.PICTURES


class Saved(Protocol):
    """What has weights of its own."""

    @property
    def weights(self) -> Path: ...  # noqa: D102


def read_metadata(path: Path) -> dict[str, str]:
    """Read the words in the header of a safetensors file.  Raises ``BadWeightsError``."""
    try:
        if path.exists() and not path.is_file():
            raise ValueError("it is not a file")
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            is_sound = 0 < length <= min(_LONGEST_HEADER, path.stat().st_size - 8)
            header = json.loads(file.read(length)) if is_sound else None
    except (OSError, ValueError, MemoryError, RecursionError) as error:
        raise BadWeightsError(f"The file {path} cannot be read as safetensors: {str(error)[:120]}.") from error
    if not isinstance(header, dict):
        raise BadWeightsError(f"The file {path} is not a safetensors file.")
    if len(header) > _MOST_TENSORS:
        raise BadWeightsError(f"The file {path} holds over {_MOST_TENSORS:,} tensors, which no network has.")
    words = header.get("__metadata__")
    return {str(name): str(value) for name, value in words.items()} if isinstance(words, dict) else {}


def delete_own(name: str) -> None:
    """Remove an imported checkpoint, a damaged one too.  Raises ``UnknownNameError`` or ``StorageError``."""
    if not _NAME.fullmatch(name) or not (checkpoints_folder() / name).is_dir():
        raise UnknownNameError("checkpoint", name, [spec.name for spec in own_models()])
    folder = checkpoints_folder() / name
    with storage_errors(folder):
        shutil.rmtree(folder)


def _own(base: ModelSpec, card: dict[str, Any], weights: Path, name: str, sha256: str) -> ModelSpec:
    """Describe a checkpoint of an architecture by what its card or header says of it."""
    said, names = card["preprocessing"], card["classes"]
    if not isinstance(said, dict) or not isinstance(names, list) or not names:
        raise ValueError("it states no classes and preprocessing")
    classes = tuple(str(entry) for entry in names)
    parameters = int(card.get("parameters") or base.parameters)
    notes = card.get("notes") or []
    if not isinstance(notes, list):
        raise ValueError("its notes are no list")
    return replace(
        base,
        name=name,
        title=Path(name).stem if weights.name != WEIGHTS else name,
        sentence=f"Your own checkpoint of {base.architecture} with {len(classes)} classes.",
        parameters=parameters,
        file_mb=weights.stat().st_size / 1e6,
        accuracy=None,
        recipe="",
        licence="your own",
        source=f"your own {len(classes)} classes",
        class_count=len(classes),
        classes=classes,
        preprocessing=check_preprocessing(said),
        transform_input=card.get("transform_input", True) is not False,
        notes=tuple(str(note)[:_LONGEST_NOTE] for note in notes[:_MOST_NOTES]),
        url="",
        hub_id="",
        weights=weights,
        sha256=sha256,
    )

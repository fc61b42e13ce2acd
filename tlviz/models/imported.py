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
from typing import Any

from tlviz.errors import BadSettingError, BadWeightsError, TlvizError, UnknownNameError
from tlviz.home import home, is_portable_name, storage_errors
from tlviz.models.spec import ModelSpec, Preprocessing, Provider
from tlviz.models.table import MODELS, find_architecture
from tlviz.program import command
from tlviz.small_files import MB, read_json

CARD = "card.json"
WEIGHTS = "weights.safetensors"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)
_HEADER_LIMIT = 100_000_000
"""The longest header that the safetensors format allows."""


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
    """Return the imported checkpoints by name; a damaged one is left out."""
    try:
        names = sorted(path.name for path in checkpoints_folder().iterdir())
    except OSError:
        return []
    return [spec for name in names if (spec := own_model(name)) is not None]


def own_model(name: str) -> ModelSpec | None:
    """Return the imported checkpoint of a name, or None where there is none."""
    if not _NAME.fullmatch(name):
        return None
    folder = checkpoints_folder() / name
    try:
        card = read_json(folder / CARD, 16 * MB)
        base = MODELS.get(card["like"]) or find_architecture(Provider(card["provider"]), card["architecture"])
        return _own(base, card, folder / WEIGHTS, name, str(card["sha256"]))
    except (OSError, ValueError, KeyError, TypeError, TlvizError):
        return None


def exported_model(path: Path) -> ModelSpec:
    """Return the network of a file that this program exported.  Raises ``BadWeightsError`` for any other file."""
    header = read_metadata(path)
    try:
        card = {name: json.loads(header[name]) for name in ("classes", "preprocessing")}
        base = find_architecture(Provider(header["provider"]), header.get("architecture") or header["model"])
        return _own(base, header | card, path, str(path), "")
    except (KeyError, ValueError, TypeError, UnknownNameError) as error:
        raise BadWeightsError(
            f"The file {path} does not name its network ({error}); import it with its architecture and classes: "
            f"{command('models import FILE --architecture A --classes FILE --name N')}"
        ) from error


def read_metadata(path: Path) -> dict[str, str]:
    """Read the words in the header of a safetensors file.  Raises ``BadWeightsError``."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if 0 < length < _HEADER_LIMIT else None
    except (OSError, ValueError, MemoryError) as error:
        raise BadWeightsError(f"The file {path} cannot be read as safetensors: {error}.") from error
    if not isinstance(header, dict):
        raise BadWeightsError(f"The file {path} is not a safetensors file.")
    words = header.get("__metadata__")
    return {str(name): str(value) for name, value in words.items()} if isinstance(words, dict) else {}


def delete_own(name: str) -> None:
    """Remove an imported checkpoint.  Raises ``UnknownNameError`` or ``StorageError``."""
    if own_model(name) is None:
        raise UnknownNameError("checkpoint", name, [spec.name for spec in own_models()])
    folder = checkpoints_folder() / name
    with storage_errors(folder):
        shutil.rmtree(folder)


def _own(base: ModelSpec, card: dict[str, Any], weights: Path, name: str, sha256: str) -> ModelSpec:
    """Describe a checkpoint of an architecture by what its card or header says of it."""
    said = card["preprocessing"]
    classes = tuple(str(entry) for entry in card["classes"])
    parameters = int(card.get("parameters") or base.parameters)
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
        preprocessing=Preprocessing(
            size=int(said["size"]),
            interpolation=str(said["interpolation"]),
            mean=_three(said["mean"]),
            std=_three(said["std"]),
            crop_fraction=float(said["crop_fraction"]),
        ),
        url="",
        hub_id="",
        weights=weights,
        sha256=sha256,
    )


def _three(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue

"""Where weights lie on this machine: beside the program, in the libraries' own caches, in the person's checkpoints.

Nothing here imports torch or connects to anything.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from types import ModuleType

from tlviz.errors import BadSettingError, BadWeightsError
from tlviz.home import storage_errors
from tlviz.models.imported import own_models
from tlviz.models.spec import ModelSpec
from tlviz.models.table import BUNDLED, ENCODERS, MODELS
from tlviz.models.texts.hub import cached_encoders
from tlviz.program import command

HUB_FILES = ("model.safetensors", "pytorch_model.bin")
"""The names under which the hub keeps weights, the preferred one first."""


def torch_folder() -> Path:
    """Return the folder in which torch keeps downloaded weights, found as torch itself finds it."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("TORCH_HOME") or f"{base}/torch").expanduser() / "hub" / "checkpoints"


def hub_folder() -> Path:
    """Return the folder in which the Hugging Face hub's library keeps downloads."""
    return Path(hub().constants.HF_HUB_CACHE)


def hub() -> ModuleType:
    """Import the Hugging Face hub's library, its plain downloads chosen: they can be followed and stopped."""
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    import huggingface_hub
    from huggingface_hub import constants, errors  # noqa: F401 (its modules are loaded on demand)

    return huggingface_hub


def file_name(spec: ModelSpec) -> str:
    """Return the name under which torch keeps a file from an address."""
    return spec.url.rpartition("/")[2]


def repository_folder(spec: ModelSpec) -> str:
    """Return the name of the folder in which the hub's library keeps a repository."""
    return f"models--{spec.hub_id.partition('@')[0].replace('/', '--')}"


def find_weights(spec: ModelSpec) -> Path | None:
    """Return the file of a network's weights, or None where it is not on this machine."""
    if spec.weights is not None:
        return spec.weights
    if spec.url:
        path = torch_folder() / file_name(spec)
        return path if path.is_file() else None
    repository, _, revision = spec.hub_id.partition("@")
    for name in HUB_FILES:
        found = hub().try_to_load_from_cache(repository, name, revision=revision or None)
        if isinstance(found, str):
            return Path(found)
    return None


def need_weights(spec: ModelSpec) -> Path:
    """Return the file of a network's weights.  Raises ``BadWeightsError`` where it has to be downloaded first."""
    path = find_weights(spec)
    if path is None:
        raise BadWeightsError(
            f"The weights of {spec.name} ({spec.file_mb:,.0f} MB) are not on this machine yet; download them first: "
            f"{command(f'models download {spec.name}')}"
        )
    return path


def weights_stamp(spec: ModelSpec) -> str:
    """Return what changes when a network's weights do: its name with their checksum, or their file's size and time."""
    path = find_weights(spec)
    if spec.sha256 or path is None:
        said = f"{spec.preprocessing}|{spec.transform_input}".encode() if spec.notes else b""  # a person's to change
        return f"{spec.name}|{spec.sha256}" + (f"|{hashlib.sha256(said).hexdigest()[:12]}" if said else "")
    state = path.stat()
    return f"{spec.name}|{state.st_size}|{state.st_mtime_ns}"


def downloaded_models() -> list[ModelSpec]:
    """Return the networks of the catalogue whose weights were downloaded, in the catalogue's order."""
    files, repositories = _names_in(torch_folder()), _names_in(hub_folder())
    return [
        spec
        for spec in MODELS.values()
        if (spec.url and file_name(spec) in files)
        or (spec.hub_id and repository_folder(spec) in repositories and find_weights(spec))
    ]


def available_models() -> dict[str, ModelSpec]:
    """Return the networks that can be used at once: bundled, downloaded and imported ones, by name."""
    rows = (*BUNDLED.values(), *ENCODERS.values(), *downloaded_models(), *downloaded_encoders(), *own_models())
    return {spec.name: spec for spec in rows}


def downloaded_encoders() -> list[ModelSpec]:
    """Return the text encoders in the hub's cache."""
    has_any = any(
        name.startswith("models--") and not name.startswith("models--timm--") for name in _names_in(_hub_home())
    )
    return cached_encoders(hub_folder(), hub) if has_any else []


def _hub_home() -> Path:
    """Return the hub's cache as its library would find it; asked often, so the library is not imported for it."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = Path(os.environ.get("HF_HOME") or f"{base}/huggingface").expanduser()
    return Path(os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or home / "hub").expanduser()


def disk_use_mb() -> float:
    """Return how many megabytes all downloaded weights of the catalogue take; a file shared by two counts once."""
    paths = {path.resolve() for spec in downloaded_models() if (path := find_weights(spec))}
    return sum(path.stat().st_size for path in paths) / 1e6


def delete_weights(spec: ModelSpec) -> float:
    """Remove downloaded weights from their library's cache and return the freed megabytes.

    Raises ``BadSettingError`` where there are none, ``StorageError`` where the disk refuses.
    """
    if spec.weights is not None:
        kind = "ships with the program" if spec.bundled else "is your own checkpoint"
        raise BadSettingError(f"{spec.name} {kind}; only downloaded weights are deleted here.")
    path = find_weights(spec)
    if path is None:
        raise BadSettingError(f"The weights of {spec.name} are not downloaded, so there is nothing to delete.")
    size = path.stat().st_size / 1e6
    place = path if spec.url else hub_folder() / repository_folder(spec)
    home = torch_folder() if spec.url else hub_folder()
    if place.parent != home:
        raise BadSettingError(f"{place} is not in {home}; only files there are deleted.")
    with storage_errors(place):
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()
    return size


def _names_in(folder: Path) -> frozenset[str]:
    try:
        return frozenset(path.name for path in folder.iterdir())
    except OSError:
        return frozenset()

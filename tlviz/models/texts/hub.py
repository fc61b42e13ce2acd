"""Text encoders of the Hugging Face hub: those in its cache, and one that a person asks to download."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from tlviz.errors import BadWeightsError, TlvizError
from tlviz.models.spec import ModelSpec
from tlviz.models.texts.folder import (
    CONFIG,
    ENCODER_TYPES,
    POOLING,
    TOKENIZER,
    WEIGHTS,
    WORKING,
    check_config,
    encoder_in,
    read_small,
)
from tlviz.program import command

OPTIONAL = ("tokenizer_config.json", "special_tokens_map.json", POOLING)
Hub = Callable[[], ModuleType]


def hub_encoder(name: str, hub: Hub) -> ModelSpec:
    """Return an encoder of the hub by owner/name.  Raises ``BadWeightsError`` where it is not on this machine yet."""
    folder = _snapshot(name, hub)
    if folder is None:
        raise BadWeightsError(
            f"The encoder {name} is not on this machine yet; download it first: {command(f'models download {name}')}"
        )
    return encoder_in(folder, name)


def cached_encoders(cache: Path, hub: Hub) -> list[ModelSpec]:
    """Return the encoders in the hub's cache that can be used, by name."""
    try:
        names = sorted(entry.name for entry in cache.iterdir() if entry.name.startswith("models--"))
    except OSError:
        return []
    found = []
    for entry in names:
        owner, _, name = entry.removeprefix("models--").partition("--")
        try:
            if name and owner != "timm" and _kind(cache / entry) in ENCODER_TYPES:
                found.append(hub_encoder(f"{owner}/{name}", hub))
        except TlvizError:
            continue
    return found


def _kind(repository: Path) -> str:
    """Return what kind of network a repository in the cache holds, '' where it does not say."""
    config = next(iter(sorted(repository.glob(f"snapshots/*/{CONFIG}"))), None)
    return str(read_small(config).get("model_type", "")) if config else ""


def _snapshot(name: str, hub: Hub) -> Path | None:
    found = hub().try_to_load_from_cache(name, CONFIG)
    return Path(found).parent if isinstance(found, str) else None


def wanted(name: str, like: ModelSpec) -> ModelSpec:
    """Return a row for an encoder that is not here yet, so that its download can be told about."""
    return replace(like, name=name, title=name, hub_id=name, weights=None, sha256="", url="")


def check_before(path: Path, name: str) -> None:
    """Raise ``BadWeightsError`` for a configuration that no download would make usable."""
    check_config(read_small(path), name)


FILES = ((CONFIG, True), (TOKENIZER, True), *((name, False) for name in OPTIONAL), (WEIGHTS, True))
"""What is downloaded, the small files first, and whether an encoder can do without."""
MISSING = {
    TOKENIZER: "has no tokenizer.json, so its texts cannot be read; choose " + WORKING,
    WEIGHTS: "has no model.safetensors; other files of weights can hold code and are not opened",
    CONFIG: "has no config.json, so it is no network of the transformers library",
}

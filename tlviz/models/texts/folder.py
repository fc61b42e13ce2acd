"""Text encoders in folders as the transformers library saves them: what they are, read without any library."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tlviz.errors import BadWeightsError, TlvizError
from tlviz.models.spec import ModelSpec, Pooling, Provider, Tokens
from tlviz.small_files import read_json

CONFIG, WEIGHTS, INDEX, TOKENIZER = "config.json", "model.safetensors", "model.safetensors.index.json", "tokenizer.json"
POOLING = "1_Pooling/config.json"
"""Where sentence encoders say what of their tokens they take."""
ENCODER_TYPES = frozenset({
    "albert", "bert", "camembert", "convbert", "data2vec-text", "deberta", "deberta-v2", "distilbert", "electra",
    "ernie", "esm", "eurobert", "gte", "ibert", "megatron-bert", "mobilebert", "modernbert", "mpnet", "nomic_bert",
    "rembert", "roberta", "roberta-prelayernorm", "roc_bert", "roformer", "squeezebert", "xlm-roberta",
    "xlm-roberta-xl", "xmod",
})  # fmt: skip
"""The library's names of encoders that have a head for classes of texts."""
WORKING = "an encoder such as BERT, RoBERTa, DistilBERT, ELECTRA, DeBERTa, MPNet or ModernBERT"
SIZE, FEWEST, MOST = 128, 8, 1024
"""Tokens that texts are cut at where nobody says otherwise, the fewest a limit may be, and the most."""
_LARGEST = 4 * 2**20
_SHIFTED = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet", "data2vec-text", "xmod", "ibert"})
"""Encoders that count positions from the number that fills up, so that two of them are no token's."""
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def is_hub_name(name: str) -> bool:
    """Return whether a name is written like one of the hub: owner/name."""
    return bool(_HUB_NAME.fullmatch(name)) and ".." not in name


def is_encoder_folder(folder: Path) -> bool:
    """Return whether a folder looks as the library saves networks."""
    return read_small(folder / CONFIG).get("model_type") is not None


def encoder_in(folder: Path, name: str) -> ModelSpec:
    """Describe the encoder in a folder.

    Raises ``BadWeightsError`` for one that wants to run code, is none of an encoder, or lacks weights or tokenizer.
    """
    config = read_small(folder / CONFIG)
    check_config(config, name)
    tokenizer_config = read_small(folder / "tokenizer_config.json")
    if tokenizer_config.get("auto_map"):
        raise BadWeightsError(
            f"The tokenizer of {name} wants to run code of its own, which is never done; choose {WORKING}."
        )
    weights = next((folder / one for one in (WEIGHTS, INDEX) if (folder / one).is_file()), None)
    if weights is None:
        raise BadWeightsError(
            f"{name} has no {WEIGHTS} in {folder}; other files of weights can hold code and are not opened: save it "
            "again with save_pretrained, or choose another version."
        )
    if not (folder / TOKENIZER).is_file():
        raise BadWeightsError(
            f"{name} has no tokenizer: {folder} holds no {TOKENIZER}; save the tokenizer that it was trained with "
            "there, with save_pretrained of transformers."
        )
    return _spec(folder, name, config, weights)


def check_config(config: Mapping[str, Any], name: str) -> None:
    """Raise ``BadWeightsError`` for a configuration that is none of an encoder, or that names code."""
    if not config:
        raise BadWeightsError(f"{name} has no {CONFIG} that can be read; give a folder saved by save_pretrained.")
    if config.get("auto_map"):
        raise BadWeightsError(f"{name} wants to run code of its own, which is never done; choose {WORKING}.")
    kind = str(config.get("model_type"))
    if kind not in ENCODER_TYPES or config.get("is_decoder"):
        what = "decoder-only or otherwise" if kind in ENCODER_TYPES else f"'{kind[:40]}', which is"
        raise BadWeightsError(f"{name} is {what} no encoder with a head for classes; choose {WORKING}.")


def _spec(folder: Path, name: str, config: Mapping[str, Any], weights: Path) -> ModelSpec:
    kind = str(config["model_type"])
    longest = _number(config, "max_position_embeddings", 512) - (2 if kind in _SHIFTED else 0)
    size = min(SIZE, longest)
    classes = _classes(config)
    return ModelSpec(
        name=name,
        title=name.rpartition("/")[2] or name,
        provider=Provider.TRANSFORMERS,
        architecture=kind,
        tag="",
        family=kind,
        sentence=f"A text encoder of the kind {kind}, from {folder}.",
        parameters=0,
        gmacs=None,
        file_mb=weights.stat().st_size / 1e6,
        accuracy=None,
        recipe="",
        licence="see its source",
        source="what its makers say",
        class_count=len(classes),
        classes=classes,
        preprocessing=Tokens(size, _pad(folder, config), _pooling(folder), folder),
        min_size=min(FEWEST, size),
        max_size=max(size, min(longest, MOST)),
        weights=weights,
    )


def _classes(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the classes that a network for classes of texts names, none for any other."""
    kinds, names = config.get("architectures"), config.get("id2label")
    is_classifier = isinstance(kinds, list) and any(str(kind).endswith("ForSequenceClassification") for kind in kinds)
    if not is_classifier or not isinstance(names, dict) or len(names) < 2:
        return ()
    return tuple(str(names[key])[:200] for key in sorted(names, key=lambda key: (len(str(key)), str(key))))


def _pad(folder: Path, config: Mapping[str, Any]) -> int:
    """Return the number that fills texts up: what the configuration says, else what the tokenizer fills with."""
    said = config.get("pad_token_id")
    if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
        return said
    padding = read_small(folder / TOKENIZER, 64 * 2**20).get("padding")
    found = padding.get("pad_id") if isinstance(padding, dict) else None
    return found if isinstance(found, int) and found >= 0 else 0


def _pooling(folder: Path) -> Pooling:
    said = read_small(folder / POOLING)
    return Pooling.MEAN if said.get("pooling_mode_mean_tokens") is True else Pooling.OWN


def _number(config: Mapping[str, Any], key: str, usual: int) -> int:
    value = config.get(key)
    return value if isinstance(value, int) and 16 <= value <= 10**6 else usual


def read_small(path: Path, largest: int = _LARGEST) -> dict[str, Any]:
    """Return what a small file of JSON says, nothing where it cannot be read."""
    try:
        found = read_json(path, largest)
    except (OSError, ValueError, TlvizError, json.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}

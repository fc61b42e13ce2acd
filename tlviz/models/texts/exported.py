"""Text encoders of files that this program exported: the header says all but the tokenizer, which is looked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tlviz.errors import BadWeightsError
from tlviz.models.spec import ModelSpec, Pooling, Provider, Tokens

LONGEST = 100_000
"""Tokens that any encoder takes at most."""


def exported_encoder(path: Path, header: Mapping[str, str]) -> ModelSpec:
    """Return the encoder of an exported file.  Raises ``BadWeightsError`` where its tokenizer is not here any more."""
    said = json.loads(header["preprocessing"])
    classes = tuple(str(name) for name in json.loads(header["classes"]))
    config = header["encoder"]
    values = json.loads(config)
    size, pad = int(said["size"]), int(said["pad"])
    if not isinstance(values, dict) or not 0 < size <= LONGEST or pad < 0 or not classes:
        raise ValueError("it states no encoder, classes and length limit")
    folder = _tokenizer(path, str(said["tokenizer"]), header["model"])
    return ModelSpec(
        name=str(path),
        title=path.stem,
        provider=Provider.TRANSFORMERS,
        architecture=header["architecture"],
        tag="",
        family=header["architecture"],
        sentence=f"Your own checkpoint of {header['architecture']} with {len(classes)} classes.",
        parameters=int(header.get("parameters", 0)),
        gmacs=None,
        file_mb=path.stat().st_size / 1e6,
        accuracy=None,
        recipe="",
        licence="your own",
        source=f"your own {len(classes)} classes",
        class_count=len(classes),
        classes=classes,
        preprocessing=Tokens(size, pad, Pooling(said["pooling"]), folder, config),
        min_size=min(8, size),
        max_size=max(size, int(said.get("longest") or size)),
        weights=path,
    )


def card_of(spec: ModelSpec, form: Any) -> dict[str, Any]:
    """Return what the header of an exported file says of how texts are prepared."""
    tokens = spec.tokens
    return {**form.to_json(), "pooling": str(tokens.pooling), "longest": spec.max_size}


def extra_of(spec: ModelSpec) -> dict[str, str]:
    """Return what the header of an exported file says of the encoder beside what all networks say."""
    config = json.dumps(json.loads(spec.tokens.config_text))
    return {"encoder": config, "parameters": str(spec.parameters)}


def sized(spec: ModelSpec, size: int) -> ModelSpec:
    """Return an encoder with another length limit."""
    return replace(spec, preprocessing=replace(spec.tokens, size=size))


def _tokenizer(path: Path, named: str, model: str) -> Path:
    """Return the folder with an exported encoder's tokenizer: beside it, where it was, or the source's."""
    for folder in (path.parent, Path(named)):
        if (folder / "tokenizer.json").is_file():
            return folder
    from tlviz.models.table import ENCODERS

    bundled = ENCODERS.get(model)
    if bundled is not None and isinstance(bundled.preprocessing, Tokens):
        return bundled.preprocessing.tokenizer
    raise BadWeightsError(
        f"The tokenizer of {path} is not at {named} any more; put the source's tokenizer.json beside the file."
    )

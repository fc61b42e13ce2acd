"""What pictures and texts are to the rooms above data and models: one row each, and nothing else asks which it is.

``docs/modalities.md`` says what the row of a third modality would hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tlviz.data.images import Form, dataset_title, medium_of
from tlviz.data.pixels.depth import AS_STORED, Depth
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.sources.catalogue import SHIPPED
from tlviz.data.sources.reading import ReadAs
from tlviz.data.texts.source import TextForm
from tlviz.errors import BadDatasetError
from tlviz.medium import Medium, need_alike
from tlviz.models.catalogue import find_model
from tlviz.models.spec import ModelSpec
from tlviz.models.texts.exported import card_of, extra_of


@dataclass(frozen=True, slots=True)
class Modality:
    """One modality.

    ``form`` says how items are brought into what a network takes, from its row, a size, a fit and a depth.
    ``card`` is what the header of an exported file says of the preparation, and beside what all networks say.
    ``reference`` is the bundled target that stands for what networks were trained on, ``reference_words`` how a
    sentence calls it.
    """

    medium: Medium
    form: Callable[[ModelSpec, int, Fit, Depth], Form]
    card: Callable[[ModelSpec, Any], tuple[dict[str, Any], dict[str, str]]]
    reference: str
    reference_words: str


def _of_pictures(spec: ModelSpec, size: int, fit: Fit, depth: Depth) -> Form:
    return Geometry.of(spec.pixels, size, fit, depth)


def _of_texts(spec: ModelSpec, size: int, _fit: Fit, _depth: Depth) -> Form:
    return TextForm(size, str(spec.tokens.tokenizer), spec.tokens.pad)


def _card_of_pictures(spec: ModelSpec, form: Any) -> tuple[dict[str, Any], dict[str, str]]:
    return form.to_json() | {"mean": spec.pixels.mean, "std": spec.pixels.std, "fill": "white"}, {}


def _card_of_texts(spec: ModelSpec, form: Any) -> tuple[dict[str, Any], dict[str, str]]:
    return card_of(spec, form), extra_of(spec)


_MODALITIES: Mapping[Medium, Modality] = {
    Medium.PICTURES: Modality(Medium.PICTURES, _of_pictures, _card_of_pictures, "photos", "photographs"),
    Medium.TEXTS: Modality(Medium.TEXTS, _of_texts, _card_of_texts, "definitions", "definitions"),
}


REFERENCES = frozenset(row.reference for row in _MODALITIES.values())
"""The bundled targets that stand for sources."""


def modality_of(spec: ModelSpec) -> Modality:
    """Return the modality of a network."""
    return _MODALITIES[spec.medium]


def form_of(spec: ModelSpec, size: int | None = None, fit: Fit = Fit.PAD, depth: Depth = AS_STORED) -> Form:
    """Return what a network's weights want, at another size and with another fit where these are given."""
    return modality_of(spec).form(spec, spec.preprocessing.size if size is None else size, fit, depth)


def need_pair(model: str, data: str, read_as: ReadAs | None = None) -> None:
    """Raise ``BadDatasetError`` where a network takes something else than a target is made of; both by their names."""
    spec = find_model(model)
    refusal = need_alike(spec.title, spec.medium, dataset_title(data), medium_of(data, read_as))
    if refusal:
        raise BadDatasetError(refusal)


def shipped_for(model: str) -> list[str]:
    """Return the names of the targets that ship and are made of what a network takes."""
    medium = find_model(model).medium
    return [name for name, spec in SHIPPED.items() if spec.medium is medium]

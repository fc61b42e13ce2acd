"""The targets that ship with the program, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tlviz.home import ASSETS
from tlviz.medium import Medium


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """One row of the catalogue: a target, what it is and how it relates to ImageNet.

    ``folder`` is None for the digits, which come with scikit-learn, and for the ``table`` of a target of texts.
    ``may_flip`` says whether a mirrored picture still belongs to its class.
    """

    name: str
    title: str
    sentence: str
    relation: str
    classes: tuple[str, ...]
    images: int
    licence: str
    folder: Path | None
    may_flip: bool = True
    table: Path | None = None

    @property
    def medium(self) -> Medium:
        """What the target is made of."""
        return Medium.PICTURES if self.table is None else Medium.TEXTS


_TEXTS = ASSETS / "texts"
_FOLDERS = ASSETS / "datasets"

DATASETS: dict[str, DatasetSpec] = {
    spec.name: spec
    for spec in (
        DatasetSpec(
            name="photos",
            title="Photos",
            sentence="Photographs of objects, cut out on white, in six classes.",
            relation="near the source: the same kind of task and the same kind of picture as ImageNet",
            classes=("bird", "flower", "fruit", "mammal", "tool", "vegetable"),
            images=171,
            licence="GPL-2 (tuxpaint-stamps-default 2022.06.04-1)",
            folder=_FOLDERS / "photos",
        ),
        DatasetSpec(
            name="clipart",
            title="Clip art",
            sentence="Drawings of objects, in seven classes.",
            relation="same kind of task as the source, another domain: drawings instead of photographs",
            classes=("bird", "flower", "fruit", "house", "insect", "mammal", "vehicle"),
            images=362,
            licence="public domain (openclipart-png 1:0.18+dfsg-19)",
            folder=_FOLDERS / "clipart",
        ),
        DatasetSpec(
            name="digits",
            title="Digits",
            sentence="Handwritten digits of 8 x 8 pixels, in ten classes.",
            relation="far from the source: another task and another domain",
            classes=tuple("0123456789"),
            images=1797,
            licence="BSD-3-Clause (scikit-learn's load_digits)",
            folder=None,
            may_flip=False,
        ),
    )
}
"""Targets of pictures, by name."""

TEXTS: dict[str, DatasetSpec] = {
    spec.name: spec
    for spec in (
        DatasetSpec(
            name="reviews",
            title="Reviews",
            sentence="Sentences of film reviews: is the judgement negative or positive?",
            relation="another task than the source's, in everyday English",
            classes=("negative", "positive"),
            images=2000,
            licence="MIT (Hutto and Gilbert 2014, vaderSentiment 3.3.2)",
            folder=None,
            may_flip=False,
            table=_TEXTS / "reviews.csv",
        ),
        DatasetSpec(
            name="products",
            title="Products",
            sentence="Sentences of product reviews: is the judgement negative or positive?",
            relation="the task of reviews in another domain",
            classes=("negative", "positive"),
            images=1600,
            licence="MIT (Hutto and Gilbert 2014, vaderSentiment 3.3.2)",
            folder=None,
            may_flip=False,
            table=_TEXTS / "products.csv",
        ),
        DatasetSpec(
            name="definitions",
            title="Definitions",
            sentence="Dictionary definitions of nouns in eight topics.",
            relation="near the source: topics of English sentences",
            classes=("animal", "artifact", "body", "feeling", "food", "location", "person", "plant"),
            images=2000,
            licence="WordNet 3.0 licence (Debian wordnet-base 1:3.0-37)",
            folder=None,
            may_flip=False,
            table=_TEXTS / "definitions.csv",
        ),
    )
}
"""Targets of texts, by name."""

SHIPPED = DATASETS | TEXTS
"""All targets that ship with the program, by name."""

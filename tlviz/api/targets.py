"""Targets in Python: pictures with labels, by name or path, and how they are parted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from tlviz.api.asking import READING_OPTIONS, taken
from tlviz.api.bars import counting
from tlviz.api.networks import FIRST_MODEL, Source, name_of
from tlviz.api.result import Result
from tlviz.data.images import ImageSet, dataset_title, load_opened, open_settled
from tlviz.data.sources.part_names import PARTS
from tlviz.data.sources.reading import ReadAs
from tlviz.data.sources.target import Target
from tlviz.data.training.splits import Split, SplitPlan
from tlviz.modality import form_of
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import available_models

if TYPE_CHECKING:
    import pandas as pd

    from tlviz.figures.theme import Figure


@dataclass(frozen=True, repr=False)
class OpenedTarget(Result):
    """A target by the name that finds it from anywhere; its pictures are decoded where they are first needed.

    ``read_as`` is what was decided about the reading.
    """

    name: str
    target: Target
    read_as: ReadAs
    progress: bool = True
    _decoded: dict[str, ImageSet] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.target.classes

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the pictures, by which ``feature_maps`` and ``attribute`` find them."""
        return self.target.names

    @property
    def summary(self) -> str:
        """Say what it is, and how it was read."""
        read = f"; read as {self.target.reading.in_words()}" if self.target.reading.layout else ""
        left = f"; {len(self.target.left_out):,} files or folders left out" if self.target.left_out else ""
        title = dataset_title(self.name)
        return f"{title}: {len(self.names):,} images in {len(self.classes):,} classes{read}{left}."

    def table(self) -> pd.DataFrame:
        """Return one row a class: its pictures, and how many of them are in each part of the target's own."""
        import pandas as pd

        found = Counter(zip(self.target.labels.tolist(), self.target.parts, strict=True))
        own = [part for part in PARTS if part in self.target.parts]
        return pd.DataFrame(
            [
                {"class": name, "images": sum(found[at, part] for part in (*PARTS, ""))}
                | {part: found[at, part] for part in own}
                for at, name in enumerate(self.classes)
            ]
        )

    def figure(self) -> Figure:
        """Draw the classes as bars, parted as the first run would part them."""
        return self.split(self._first_model()).figure()

    def _first_model(self) -> str:
        """Return the first network on this machine that takes what the target is made of."""
        fitting = (name for name, spec in available_models().items() if spec.medium is self.target.medium)
        return next(fitting, FIRST_MODEL)

    def images(self, model: Source = FIRST_MODEL) -> ImageSet:
        """Return the pictures as a network gets them, uint8 (N, S, S, 3), without what was excluded."""
        name = name_of(model)
        if name not in self._decoded:
            geometry = form_of(find_model(name))
            with counting("Reading images", self.progress) as told:
                self._decoded[name] = load_opened(self.name, self.target, geometry, told)
        return self._decoded[name]

    def split(
        self,
        model: Source = FIRST_MODEL,
        *,
        seed: int = 0,
        test_share: float = 0.0,
        labels_per_class: int | None = None,
    ) -> PartedTarget:
        """Return how a run with these settings parts the target.

        >>> parted = tlviz.open_target("photos").split(test_share=0.2)
        >>> len(parted.split.test) > 0
        True
        """
        from tlviz.data.part_images import part_images
        from tlviz.diagnose.doctor import known_report

        images = self.images(model)
        report = known_report(self.name)
        plan = SplitPlan(test_share=test_share, labels_per_class=labels_per_class)
        return PartedTarget(images, part_images(images, report.groups if report else (), seed, plan))


@dataclass(frozen=True, repr=False)
class PartedTarget(Result):
    """A target in its parts: ``split.train``, ``.validation`` and ``.test`` are places in ``images``."""

    images: ImageSet
    split: Split

    @property
    def counts(self) -> dict[str, list[int]]:
        """The images of each class in each part."""
        import numpy as np

        parts = {"training": self.split.train, "validation": self.split.validation, "test": self.split.test}
        count = len(self.images.classes)
        return {part: np.bincount(self.images.labels[rows], minlength=count).tolist() for part, rows in parts.items()}

    @property
    def summary(self) -> str:
        """Say how many images each part has."""
        train, validation, test = (len(rows) for rows in (self.split.train, self.split.validation, self.split.test))
        return f"{self.images.title}: {train:,} images train, {validation:,} validate, {test:,} test."

    def table(self) -> pd.DataFrame:
        """Return one row a class with its images in each part."""
        import pandas as pd

        return pd.DataFrame({"class": self.images.classes} | self.counts)

    def figure(self) -> Figure:
        """Draw the classes as bars by part, the first forty of them."""
        from tlviz.figures.classes import plot_class_bars

        return plot_class_bars(self.images.classes, self.counts)


Data = str | PathLike[str] | OpenedTarget
"""A target by its name or path, or one that is open."""


def open_target(data: Data, *, progress: bool = True, **reading: Any) -> OpenedTarget:
    """Open a target by name or path: a folder, an archive, a CSV of paths and labels, or one of `tlviz datasets`.

    ``reading`` are the options that say how it is read, such as ``layout`` or ``label_column``.  No picture is opened.
    Raises ``BadDatasetError`` where there is nothing to learn from, and ``UnknownNameError``.

    >>> target = tlviz.open_target("photos")
    >>> target.classes[:2]
    ('bird', 'flower')
    >>> target.table()
    """
    if isinstance(data, OpenedTarget):
        return data
    chosen = ReadAs.from_json(taken(reading, READING_OPTIONS, "a target"))
    with counting("Unpacking", progress) as told:
        name, target = open_settled(fspath(data), told, chosen)
    return OpenedTarget(name, target, chosen, progress)


def asked_target(data: Data) -> tuple[str, dict[str, Any]]:
    """Return a target's name, and what was decided about its reading as settings."""
    if isinstance(data, OpenedTarget):
        return data.name, data.read_as.decided()
    return fspath(data), {}

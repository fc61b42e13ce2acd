"""The images a run's weights were made with, parted as they were then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tlviz.data.as_begun import load_as_begun
from tlviz.data.images import ImageSet
from tlviz.data.part_images import part_images
from tlviz.data.training.splits import Split
from tlviz.errors import BadDatasetError
from tlviz.export.bundle import Bundle
from tlviz.finetune.config import FinetuneConfig


@dataclass(frozen=True, slots=True)
class RunImages:
    """A run's target as its network sees it, with the run's own split and settings."""

    images: ImageSet
    split: Split
    config: FinetuneConfig


def load_run_images(header: Bundle, progress: Callable[[int, int], None] | None = None) -> RunImages:
    """Open the images of a run by the header of its weights.

    Raises ``BadDatasetError`` or ``UnknownNameError`` where they are no longer there or have other classes now.
    """
    config = FinetuneConfig.from_json(header.training.get("settings") or {})
    images = load_as_begun(config.data, config.geometry, config.read_as, header.classes, progress)
    if images.classes != header.classes:
        raise BadDatasetError(
            f"The classes of {config.data} have changed since the run was trained; restore its pictures."
        )
    copies = header.training.get("copies") or ()
    return RunImages(images, part_images(images, copies, config.seed, config.split_plan), config)

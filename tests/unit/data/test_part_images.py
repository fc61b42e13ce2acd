"""One function parts a target for jobs, pages and exports; without groups it draws as it always did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tlviz.data.doctor.findings import number_groups
from tlviz.data.images import ImageSet, load_images
from tlviz.data.part_images import part_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.training.splits import SplitPlan, split_images

PLANS = [SplitPlan(), SplitPlan(test_share=0.2), SplitPlan(folds=3, fold=1)]


@pytest.fixture(scope="module")
def images() -> ImageSet:
    rows = 60
    labels = np.arange(rows) % 3
    names = tuple(f"{at}.png" for at in range(rows))
    pixels = np.zeros((rows, 2, 2, 3), np.uint8)
    first = load_images("digits", Geometry(8, Fit.PAD, "bilinear", 1.0))
    return replace(first, pixels=pixels, labels=labels, names=names, parts=("",) * rows, classes=("a", "b", "c"))


@pytest.mark.parametrize("plan", PLANS)
def test_without_groups_runs_of_before_are_parted_as_they_were(images: ImageSet, plan: SplitPlan) -> None:
    copies = [("0.png", "3.png"), ("1.png", "2.png"), ("9.png", "12.png", "15.png")]
    for given, numbers in (([], None), (copies, number_groups(copies, images.names))):
        ours = part_images(images, given, 5, plan)
        before = split_images(images.labels, images.parts, 5, plan, numbers)
        for one, other in zip(
            (ours.train, ours.validation, ours.test), (before.train, before.validation, before.test), strict=True
        ):
            assert np.array_equal(one, other)


@pytest.mark.parametrize("plan", PLANS)
def test_groups_and_copies_are_whole_together(images: ImageSet, plan: SplitPlan) -> None:
    grouped = replace(images, groups=tuple(f"p{at // 4}" if at < 56 else "" for at in range(60)))
    copies = [("3.png", "4.png"), ("57.png", "8.png")]  # patients 0 and 1; one alone and patient 2
    split = part_images(grouped, copies, 0, plan)
    together = [set(range(8)), {8, 9, 10, 11, 57}, *({4 * at + k for k in range(4)} for at in range(3, 14))]
    for part in (set(split.train.tolist()), set(split.validation.tolist()), set(split.test.tolist())):
        assert all(group <= part or not group & part for group in together)


def test_the_fingerprint_of_a_target_knows_its_groups(images: ImageSet, tmp_path: Path) -> None:
    assert replace(images, groups=("a",) * 60).digest != images.digest

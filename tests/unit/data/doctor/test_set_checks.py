"""What is odd about a dataset as a whole, at the edge of being so."""

from __future__ import annotations

import pytest

from tlviz.data.doctor.findings import Kind
from tlviz.data.doctor.inventory import Inventory, PictureFile
from tlviz.data.doctor.set_checks import check_classes


def kinds(*counts: int) -> list[Kind]:
    files = [
        PictureFile(f"{label}/{at}", f"{label}/{at}", label, "train", "", bytes)
        for label, count in enumerate(counts)
        for at in range(count)
    ]
    classes = ("cat", "dog", "newt")[: len(counts)]
    return [found.kind for found in check_classes(Inventory("x", "x", classes, tuple(files), (), ()), files)]


@pytest.mark.parametrize(("most", "is_told"), [(49, False), (50, True)])
def test_ten_times_as_many_pictures_are_an_imbalance(most: int, is_told: bool) -> None:
    assert (Kind.IMBALANCE in kinds(5, most)) is is_told


@pytest.mark.parametrize(("count", "is_told"), [(4, True), (5, False)])
def test_fewer_than_five_pictures_are_few(count: int, is_told: bool) -> None:
    assert (Kind.SMALL_CLASS in kinds(count, 9)) is is_told

"""The table can be made again from the pinned libraries, and is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.models import generate
from tlviz.models.catalogue import MODELS
from tlviz.models.spec import Provider
from tlviz.models.table import TABLE, table_versions

ROOT = Path(__file__).resolve().parents[3]


def test_the_table_was_made_for_the_pinned_versions() -> None:
    pinned = dict(line.split("==") for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line)
    assert table_versions() == generate.versions() == {name: pinned[name] for name in ("torchvision", "timm")}


@pytest.mark.parametrize(
    "job",
    [
        ("torchvision", "resnet18"),
        ("torchvision", "vit_b_32"),
        ("torchvision", "maxvit_t"),
        ("torchvision", "inception_v3"),
        ("timm", "resnet50_clip"),
        ("timm", "regnety_002"),
        ("timm", "mobilenetv3_small_050"),
        pytest.param(("timm", "convnext_tiny"), marks=pytest.mark.slow),
        pytest.param(("timm", "vit_small_patch14_dinov2"), marks=pytest.mark.slow),
        pytest.param(("timm", "halonet26t"), marks=pytest.mark.slow),
        pytest.param(("timm", "efficientformerv2_s0"), marks=pytest.mark.slow),
    ],
)
def test_a_sample_made_again_is_the_same(job: tuple[str, str]) -> None:
    again = generate.rows_of((Provider(job[0]), job[1]))
    assert again
    assert [generate.encode_row(row) for row in again] == [generate.encode_row(MODELS[row.name]) for row in again]


@pytest.mark.slow
def test_the_whole_table_made_again_is_the_same() -> None:
    rows = [row for found in generate.all_rows() for row in found]
    assert generate.encode_table(rows) == TABLE.read_bytes()

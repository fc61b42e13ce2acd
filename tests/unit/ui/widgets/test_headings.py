"""Every column that a page shows of an epoch or of a stage has words."""

from __future__ import annotations

from dataclasses import fields

from tests.profiles import made_profile
from tlviz.finetune.events import Epoch
from tlviz.ui.measure.views import table_rows
from tlviz.ui.widgets.headings import EPOCH_COLUMNS, STAGE_COLUMNS

BY_STAGE = {"rates", "gradient_norms", "weight_drift", "val_hits"}
"""What a chart shows, and what only a program reads."""


def test_every_number_of_a_stage_and_of_an_epoch_has_a_heading() -> None:
    assert list(table_rows(made_profile())[0]) == list(STAGE_COLUMNS)
    assert {row.name for row in fields(Epoch)} - BY_STAGE == set(EPOCH_COLUMNS)


def test_no_heading_is_a_name_of_the_code_and_none_is_twice() -> None:
    for columns in (STAGE_COLUMNS, EPOCH_COLUMNS):
        labels = [column["label"] for column in columns.values()]
        assert len(set(labels)) == len(labels)
        assert not [label for label in labels if "_" in label or label[0].islower()]

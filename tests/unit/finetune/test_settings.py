"""The table of settings: a row is checked, read, and nowhere forgotten."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from tlviz.errors import BadSettingError
from tlviz.finetune.choices import Optimizer
from tlviz.finetune.config import SETTINGS, FinetuneConfig, configure
from tlviz.finetune.settings import Group, Setting, former_names, setting, settings_of


@dataclass(frozen=True, slots=True)
class Longer(FinetuneConfig):
    """A run with one more setting than there is: a row is all that it takes."""

    momentum: float = setting(
        0.9, group=Group.TRAINING, low=0.5, high=0.99, step=0.1, sweep="0.8, 0.9", former=("inertia",),
        label="Momentum", help="Share of the step before that is taken again.",
    )  # fmt: skip


def longer(**chosen: object) -> Longer:
    return Longer.from_json(configure("squeezenet1_1", "photos", "full").to_json() | chosen)


def test_every_field_of_a_run_is_a_row() -> None:
    assert {field.name for field in fields(FinetuneConfig)} == SETTINGS.keys()
    assert [row.group for row in SETTINGS.values()] == sorted(
        (row.group for row in SETTINGS.values()), key=list(Group).index
    ), "the table goes group by group"


@pytest.mark.parametrize("row", SETTINGS.values(), ids=SETTINGS)
def test_a_row_says_what_a_person_needs(row: Setting) -> None:
    assert row.label[0].isupper()
    assert row.help[0].isupper()
    assert row.help.endswith(".")
    is_number = row.kind in (int, float)
    is_counted_in_stages = row.name == "freeze"  # its range is the network's
    assert (row.low is not None and row.high is not None) == (is_number and not is_counted_in_stages)
    if is_number and row.place in ("top", "tab"):
        assert row.step
    if row.default is None and not row.is_optional:
        assert row.usual or row.name in ("model", "data", "strategy"), "somebody decides"


@pytest.mark.parametrize("row", [row for row in SETTINGS.values() if row.sweep is not None], ids=lambda row: row.name)
def test_the_first_values_of_a_sweep_are_values(row: Setting) -> None:
    values = [row.take(row.read(text.strip())) for text in str(row.sweep).split(",")]
    assert len(set(values)) == len(values) > 1


def test_one_more_row_is_checked_read_and_written() -> None:
    assert settings_of(Longer).keys() - SETTINGS.keys() == {"momentum"}
    assert longer().momentum == 0.9
    assert longer(momentum=0.6).to_json()["momentum"] == 0.6
    assert longer(inertia=0.7).momentum == 0.7
    with pytest.raises(BadSettingError, match=r"momentum is 0.4; it must be between 0.5 and 0.99\."):
        longer(momentum=0.4)


def test_what_a_person_wrote_is_read_by_its_kind() -> None:
    assert SETTINGS["epochs"].read("3") == 3
    assert SETTINGS["head_lr"].read("1e-3") == 1e-3
    assert SETTINGS["optimizer"].read("sgd") is Optimizer.SGD
    for name, text, words in (
        ("epochs", "three", "'three' is no value of epochs; write a whole number."),
        ("head_lr", "fast", "'fast' is no value of head rate; write a number such as 1e-3."),
        ("optimizer", "adagrad", "'adagrad' is no value of optimizer; choose from adamw, sgd."),
    ):
        with pytest.raises(BadSettingError) as told:
            SETTINGS[name].read(text)
        assert str(told.value) == words


def test_a_choice_by_its_name_is_that_choice() -> None:
    assert configure("squeezenet1_1", "photos", "full", optimizer="sgd").optimizer is Optimizer.SGD
    with pytest.raises(BadSettingError, match="choose from adamw, sgd"):
        configure("squeezenet1_1", "photos", "full", optimizer="adagrad")


def test_a_range_holds_both_ends_and_nothing_beside_numbers() -> None:
    row = SETTINGS["dropout"]
    assert all(row.allows(value) for value in (0, 0.5, 0.95))
    assert not any(row.allows(value) for value in (0.96, -0.01, float("nan"), float("inf")))
    assert [row.nearest(value) for value in (-1, 0.5, 2)] == [0, 0.5, 0.95]


def test_former_names_lead_to_present_ones() -> None:
    assert former_names(SETTINGS) == {"thaw": "unfreeze", "thaw_factor": "unfreeze_factor"}


def test_the_table_imports_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, tlviz.finetune.config; print('torch' in sys.modules, 'streamlit' in sys.modules)"
    root = Path(__file__).parents[3]
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert told.stdout.split() == ["False", "False"]

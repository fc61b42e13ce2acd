"""Runs are named by the shortest words that distinguish them."""

from __future__ import annotations

from typing import Any

import pytest

from tlviz.runs.notes import Notes
from tlviz.runs.overview import RunRow
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.titles import letters, moment, row_label, row_labels, short_titles, strategy_title


def row(name: str = "", **known: Any) -> RunRow:
    values: dict[str, Any] = dict.fromkeys(RunRow.__dataclass_fields__) | {
        "run": "r", "kind": "finetune", "status": Status.FINISHED, "model": "squeezenet1_1", "data": "/a/photos",
        "strategy": "full", "started": 0.0, "notes": Notes(name),
    }  # fmt: skip
    return RunRow(**values | known)


@pytest.mark.parametrize(
    ("rows", "titles"),
    [
        ([row(), row(strategy="head_only")], ["Full", "Head only"]),
        ([row(), row(data="/a/digits")], ["Full, photos", "Full, digits"]),
        ([row(), row(model="resnet18")], ["Full, squeezenet1_1", "Full, resnet18"]),
        ([row(seed=0), row(seed=1)], ["Full, seed 0", "Full, seed 1"]),
        ([row("mine"), row(strategy="of another version")], ["mine", "of another version"]),
    ],
)
def test_only_what_differs_is_named(rows: list[RunRow], titles: list[str]) -> None:
    assert short_titles(rows) == titles


def test_a_label_says_what_a_run_is_or_its_own_name_and_when() -> None:
    when = moment(0.0)
    assert row_label(row()) == f"photos · {strategy_title('full')} · squeezenet1_1 · {when}"
    assert row_label(row(seed=2)) == f"photos · Full · squeezenet1_1 · seed 2 · {when}"
    assert row_label(row("mine", seed=2)) == f"mine · {when}"


def test_a_list_names_what_differs_and_when_only_where_nothing_else_does() -> None:
    rows = [
        row(run="a", image_size=96, seed=0), row(run="b", image_size=128, seed=0),
        row("mine", run="c"), row(run="d", strategy="gradual"), row(run="e", strategy="gradual"),
    ]  # fmt: skip
    when = moment(0.0)
    assert row_labels(rows) == {
        "a": "Full · 96 px", "b": "Full · 128 px", "c": "mine", "d": f"Gradual · {when}", "e": f"Gradual · {when}",
    }  # fmt: skip
    others = [row(run="a", freeze=2), row(run="b", freeze=4), row(run="c", data="/a/digits", model="resnet18")]
    assert list(row_labels(others).values()) == [
        "photos · Full · squeezenet1_1 · freeze 2", "photos · Full · squeezenet1_1 · freeze 4",
        "digits · Full · resnet18",
    ]  # fmt: skip


def test_titles_name_few_settings_that_differ() -> None:
    settings = [{"head_lr": 0.1, "epochs": at, "batch": at, "dropout": at, "augment": at} for at in (1, 2)]
    assert short_titles([row(), row()], settings) == [
        "Full, epochs 1, batch 1, dropout 1, …", "Full, epochs 2, batch 2, dropout 2, …"
    ]  # fmt: skip
    assert short_titles([row(), row(strategy="gradual")], settings) == ["Full", "Gradual"], "the strategy tells enough"


def test_a_moment_is_of_this_machines_clock_and_nothing_where_no_calendar_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.localtime", lambda _: (2026, 3, 7, 9, 5, 0, 5, 66, 0))
    assert moment(1.0) == "07 Mar 09:05"
    monkeypatch.undo()
    assert moment(1e300) == moment(float("nan")) == ""


def test_letters_go_on_as_numbers() -> None:
    assert letters(28)[:2] + letters(28)[25:] == ["A", "B", "Z", "27", "28"]

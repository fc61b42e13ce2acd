"""The cards that ship, and an instructor's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.unit.learn.made import VALUES, measured_of, race_of
from tlviz.errors import BadLessonError, UnknownNameError
from tlviz.learn.claims import Outcome, judge
from tlviz.learn.class_folder import CLASS_FOLDER
from tlviz.learn.library import all_cards, find_card, measured_for
from tlviz.learn.measure import measures_of
from tlviz.learn.results import write_measured
from tlviz.learn.words import find_word
from tlviz.models.catalogue import find_model
from tlviz.models.load import architecture_stages


def test_every_card_that_ships_was_measured_with_noise_and_says_how() -> None:
    cards, troubles = all_cards()
    assert len(cards) >= 14
    assert not troubles
    for card in cards:
        measured = measured_for(card)
        assert measured.card == card.name
        assert measured.command.endswith(f"learn measure --cards {card.name}")
        assert measured.date > "2026"
        assert judge(card, measured.tables).outcome is not Outcome.MISSING, card.name
        for experiment in card.experiments:
            table = measured.tables[experiment.name]
            assert set(table.values) == set(measures_of(card)), card.name
            for rows in table.values.values():
                assert all(set(row) <= {"", *map(str, experiment.seeds)} for row in rows.values()), card.name
        for word in card.words:
            find_word(word)


def test_rows_of_profiles_are_stages_of_their_networks() -> None:
    for card in all_cards()[0]:
        for check in card.checks:
            experiment = next(one for one in card.experiments if one.name == check.first.experiment)
            if experiment.kind == "profile":
                assert check.first.row in {s.name for s in architecture_stages(find_model(experiment.model), 2)}


def test_a_class_adds_and_replaces_cards_and_a_mistake_costs_only_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards, data = tmp_path / "cards", tmp_path / "datasets" / "leaves"
    cards.mkdir()
    data.mkdir(parents=True)
    own = VALUES | {"experiments": [VALUES["experiments"][0] | {"data": "leaves"}]}
    (cards / "a.yaml").write_text(yaml.safe_dump(own))
    (cards / "b.yml").write_text(yaml.safe_dump(VALUES | {"name": "freezing-near", "title": "Ours"}))
    (cards / "c.yaml").write_text("name: [")
    (cards / "d.yaml").write_text(yaml.safe_dump(own))
    monkeypatch.setenv(CLASS_FOLDER, str(tmp_path))
    found, troubles = all_cards()
    assert find_card("freezing-near").title == "Ours"
    assert find_card("made-up").experiments[0].data == str(data)
    assert sum(card.is_own for card in found) == 2
    assert [trouble.partition(" ")[0].rstrip(",") for trouble in troubles] == ["c.yaml", "d.yaml"]
    with pytest.raises(BadLessonError, match="tlviz learn measure --cards made-up"):
        measured_for(find_card("made-up"))
    measured = replace(measured_of(race_of([1.0], [0.5])), plans={"photos": find_card("made-up").experiments[0].plan()})
    write_measured(tmp_path / "results", measured)
    assert measured_for(find_card("made-up")).version == "0.0"
    other = own["experiments"][0] | {"settings": {"image_size": 96, "epochs": 1}}
    (cards / "a.yaml").write_text(yaml.safe_dump(own | {"experiments": [other]}))
    with pytest.raises(BadLessonError, match="changed since it was measured"):
        measured_for(find_card("made-up"))


def test_a_changed_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cards").mkdir()
    file = tmp_path / "cards" / "a.yaml"
    monkeypatch.setenv(CLASS_FOLDER, str(tmp_path))
    for title in ("One", "Another"):
        file.write_text(yaml.safe_dump(VALUES | {"title": title}))
        assert find_card("made-up").title == title


def test_a_name_or_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="freezing-near"):
        find_card("freezing-nea")
    monkeypatch.setenv(CLASS_FOLDER, str(tmp_path / "none"))
    with pytest.raises(BadLessonError, match=CLASS_FOLDER):
        all_cards()

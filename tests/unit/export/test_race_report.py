"""A report on a race tells what its page tells, also of a damaged one."""

from __future__ import annotations

import pytest

from tests.unit.export.test_report import EVIL, read
from tests.unit.runs.made_races import hits, write_race
from tlviz.export.race_report import race_report_html
from tlviz.runs.notes import Notes, write_notes
from tlviz.runs.races.race import folder_of, read_race


def test_a_report_on_a_race_tells_what_the_page_tells() -> None:
    race = write_race(
        {
            (name, seed): [hits(40, 100), hits(right + (seed, 2 - seed)[name == "gradual"], 100)]
            for name, right in (("full", 80), ("gradual", 79), ("from_scratch", 20))
            for seed in (0, 1, 2)
        }
    )
    write_notes(race, Notes(EVIL, "what I wanted to know"))
    page = race_report_html(race)
    told = read(page)
    for tag, attributes in told.tags:
        assert not {"src", "href"} & attributes.keys(), "nothing is loaded from anywhere"
        assert tag != "img", "a name is no part of the page"
    words = " ".join(told.words)
    for expected in (
        "Full is ahead with 81.0%", "Gradual is not distinguishable from it", "behind", "forgot", "25%", "12.0",
        "300 MB", "what I wanted to know", "Between the runs differs: strategy", "3 seeds together", EVIL,
    ):  # fmt: skip
        assert expected in words, expected
    assert page.count('class="plotly-graph-div"') == 4, "seeds, accuracy, loss, cost"
    runs = [member.run for member in read_race(race).members]
    assert all(str(run) in words for run in runs)


@pytest.mark.parametrize("damage", ["no members", "gone", "not begun"])
def test_a_damaged_race_has_a_report_too(damage: str) -> None:
    race = write_race({("full", 0): [hits(4, 10)]})
    if damage == "no members":
        (race.path / "config.json").write_text('{"format": 1, "kind": "race", "settings": {"members": 3}}')
    elif damage == "gone":
        folder_of(race, str(read_race(race).members[0].run)).delete()
    else:
        (race.path / "events.jsonl").write_text("")
    assert "</html>" in race_report_html(race)

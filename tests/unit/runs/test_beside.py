"""The verdict of a comparison, in the words of every case."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.runs.made_races import hits, write_race
from tests.unit.runs.test_sides import of
from tests.unit.runs.test_sides import run as make
from tlviz.runs.beside import beside_words, paired_runs, side_standings
from tlviz.runs.races.race import folder_of, read_race
from tlviz.runs.races.standings import standings
from tlviz.runs.races.verdict import rank_verdict
from tlviz.runs.summary import summarise


def said(*runs: Any) -> str:
    found = of(*runs)
    return beside_words(found, side_standings(found), lambda words: f"*{words}*")


def test_one_run_each_cannot_show_luck() -> None:
    ahead, behind = make(right=9), make("head_only", right=2)
    words = said(behind, ahead)
    assert words.startswith("*B Full* is *50.0 points* above A Head only on the same images, within the noise of these")
    assert words.endswith("; one run of each cannot show luck; train each with 3 seeds."), "of ten images"
    assert "reached the same, *60.0%*" in said(make(right=6), make("head_only", right=6))


def test_two_seeds_say_so_and_no_common_seed_cannot_be_paired() -> None:
    runs = [make(name, right=right, seed=seed) for name, right in (("full", 9), ("gradual", 5)) for seed in (0, 1)]
    assert "2 runs of each cannot show luck" in said(*runs)
    assert "no seed is common to it and B Gradual" in said(runs[0], runs[3])


def test_other_targets_cannot_be_set_against_each_other() -> None:
    words = said(make(data="clipart"), make(data="photos"))
    assert words.startswith("These runs have different targets")


def test_one_side_alone_has_nothing_to_be_compared_with() -> None:
    assert "nothing to compare it with" in said(make())


@pytest.mark.parametrize("behind", [40, 78])
def test_three_seeds_are_judged_as_a_race_is(behind: int) -> None:
    results = {
        (name, seed): [hits(20, 100), hits(right + step, 100)]
        for name, right in (("full", 80), ("gradual", behind), ("from_scratch", 20))
        for seed, step in enumerate((0, 2, 1) if name == "full" else (2, 0, 1))
    }
    race = write_race(results)
    found = read_race(race)
    folders = [folder_of(race, str(member.run)) for member in found.members]
    words = said(*folders)
    ranked = standings(found)
    told = rank_verdict(ranked, lambda words: f"*{words}*")
    assert words == told.replace("*Full*", "*A Full*").replace("Gradual", "B Gradual")
    assert ("more than noise" in words) is (behind == 40)


def test_the_best_of_a_race_have_the_races_own_marks() -> None:
    """Of three alone the second would be judged among fewer: the race's five stay what decides."""
    names = ("full", "gradual", "head_only", "two_phase", "from_scratch")
    race = write_race({(n, s): [hits(80 - 9 * at + (s * at) % 3, 100)] for at, n in enumerate(names) for s in range(3)})
    found = read_race(race)
    for member in found.members:
        config = folder_of(race, str(member.run)).path / "config.json"
        held = json.loads(config.read_text(encoding="utf-8"))
        held["settings"] |= {"race": race.name, "race_number": member.number}
        config.write_text(json.dumps(held), encoding="utf-8")
    ranked = standings(found)
    chosen = [folder_of(race, name) for standing in ranked[:3] for name in standing.runs]
    shown = side_standings(of(*chosen))
    assert [s.words for s in shown] == ["A Full", "B Gradual", "C Head only"]
    assert [replace(s, words="") for s in shown] == [replace(s, words="") for s in ranked[:3]]
    without_leader = side_standings(of(*chosen[3:]))
    assert without_leader[0].gap is None
    assert without_leader[0].words == "A Gradual"


def test_runs_of_other_seeds_are_not_paired_image_by_image() -> None:
    same = summarise(make(right=6, seed=0))
    paired = paired_runs(same, summarise(make("gradual", right=5, seed=0)))
    loose = paired_runs(same, summarise(make("gradual", right=5, seed=1)))
    assert paired is not None
    assert loose is not None
    assert paired.gap == pytest.approx(loose.gap)
    assert paired.error < loose.error, "another seed has other images"

"""Runs that differ in the seed alone are one side; a title says what differs."""

from __future__ import annotations

from typing import Any

from tests.unit.runs.made_races import hits, write_member
from tlviz.finetune.config import configure
from tlviz.runs.notes import Notes, write_notes
from tlviz.runs.overview import overview
from tlviz.runs.places import strategy_place
from tlviz.runs.sides import Side, sides
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.summary import summarise


def run(strategy: str = "full", right: int = 6, data: str = "clipart", **chosen: Any) -> RunFolder:
    settings = configure("squeezenet1_1", data, strategy, **chosen)
    return write_member(strategy, settings.to_json(), [hits(4, 10), hits(right, 10)])


def of(*runs: RunFolder) -> list[Side]:
    rows = {row.run: row for row in overview()}
    return sides([rows[one.name] for one in runs], {one.name: summarise(one) for one in runs})


def test_seeds_of_one_way_of_training_are_one_side() -> None:
    found = of(run(right=6, seed=1), run("head_only", seed=0), run(right=8, seed=0), run("head_only", seed=1))
    assert [(side.name, [*side.by_seed]) for side in found] == [("A Full", [0, 1]), ("B Head only", [0, 1])]
    assert found[0].accuracy == 0.7
    assert [side.place for side in found] == [strategy_place("full"), strategy_place("head_only")]


def test_seeds_alone_stand_beside_each_other_and_a_repetition_is_no_seed() -> None:
    assert [side.name for side in of(run(seed=0), run(seed=1))] == ["A Full, seed 0", "B Full, seed 1"]
    assert [side.name for side in of(run(), run())] == ["A Full", "B Full"]


def test_what_differs_is_named_and_not_the_minute() -> None:
    found = of(run(image_size=128), run(image_size=96), run(image_size=96, head_lr=0.02))
    assert [side.title for side in found] == [
        "Full, head rate 0.001, image size 128", "Full, head rate 0.001, image size 96",
        "Full, head rate 0.02, image size 96",
    ]  # fmt: skip
    assert len({side.place for side in found}) == 3
    own = run(image_size=64)
    write_notes(own, Notes("mine"))
    assert [side.title for side in of(own, run("gradual", data="photos"))] == ["mine", "Gradual, Photos"]


def test_a_side_keeps_its_colour_beside_one_that_wants_it_too() -> None:
    found = of(run("gradual"), run(), run(epochs=3))
    assert [side.place for side in found][:2] == [strategy_place("gradual"), strategy_place("full")]
    assert found[2].place not in {side.place for side in found[:2]}

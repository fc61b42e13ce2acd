"""The race page as AppTest sees it: the form starts what it says, and every state of a race has words."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.app.test_pages import open_page, text, the_server_knows_the_page_table
from tests.unit.runs.made_races import hits, write_race
from tests.unit.runs.odd_runs import ODD
from tlviz.cli.race import race_result
from tlviz.errors import StorageError
from tlviz.export.race_report import race_report_html
from tlviz.runs.notes import Notes, write_notes
from tlviz.runs.races.race import folder_of, read_queue, read_race
from tlviz.runs.races.standings import standings
from tlviz.runs.races.winner import winner_weights
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import FINETUNE, RACE
from tlviz.runs.store.trash import discard
from tlviz.ui.race.actions import best_runs
from tlviz.ui.state import key_of

__all__ = ["the_server_knows_the_page_table"]


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the folders of what is started, and start nothing."""
    monkeypatch.setattr("tlviz.runs.launch.start_worker", lambda run: None)


def tables(app: Any) -> str:
    return "\n".join(str(part.proto.body) for part in app.get("html"))


@pytest.mark.usefixtures("no_worker")
def test_the_form_starts_the_races_it_says() -> None:
    app = open_page("race", target="clipart")
    assert "21 runs, one after another" in text(app), "three seeds, unless a person wants fewer"
    assert "No race yet" in text(app)
    app.button_group(key="race_strategies").set_value(["full", "head_only"]).run()
    assert "6 runs, one after another" in text(app)
    next(button for button in app.button if button.label == "Start the race").click().run()
    assert not app.exception
    (race,) = list_runs(RACE)
    members = race.config()["settings"]["members"]
    assert [(m["strategy"], m["seed"]) for m in members] == [(s, n) for n in range(3) for s in ("full", "head_only")]
    assert {(m["epochs"], m["image_size"], m["data"]) for m in members} == {(10, 128, "clipart")}
    assert app.query_params["race"] == race.name


@pytest.mark.usefixtures("no_worker")
def test_one_setting_is_swept_and_a_mistake_is_one_sentence() -> None:
    app = open_page("race", target="clipart")
    app.button_group(key="race_what").set_value("one setting").run()
    app.selectbox(key="race_sweep").select("freeze").run()
    app.text_input(key="race_values_freeze").set_value("2, 10").run()
    assert [error.value for error in app.error] == [
        "freeze is 10; it must be between 0 (train everything) and 9 (train the head only)."
    ]
    start = next(button for button in app.button if button.label == "Start the race")
    assert start.disabled
    app.text_input(key="race_values_freeze").set_value("2, many").run()
    assert "'many' is no value of freeze; write a whole number." in app.error[0].value
    app.text_input(key="race_values_freeze").set_value("2, 9").run()
    assert not app.error
    app.number_input(key="race_seeds").set_value(1).run()
    next(button for button in app.button if button.label == "Start the race").click().run()
    assert [m["freeze"] for m in list_runs(RACE)[0].config()["settings"]["members"]] == [2, 9]
    app.button_group(key="race_what").set_value("strategies").run()
    app.button_group(key="race_strategies").set_value([]).run()
    assert "The race has no strategy to try" in app.error[0].value


def finished() -> RunFolder:
    return write_race(
        {
            (name, seed): [hits(first, 100), hits(best + (seed, 2 - seed)[name == "gradual"], 100)]
            for name, first, best in (("full", 40, 79), ("gradual", 40, 78), ("from_scratch", 10, 20))
            for seed in range(3)
        }
    )


def test_a_finished_race_says_who_wins_and_what_is_noise() -> None:
    race = finished()
    app = open_page("race")
    assert not app.exception
    assert "**Full** is ahead with **80.0% ± " in text(app)
    assert "but Gradual is not distinguishable from it." in text(app)
    assert tables(app).count("not distinguishable") == 1
    assert tables(app).count("<b>behind</b>") == 1
    assert "of 100 validation images and 3 seeds together" in text(app)
    app.selectbox(key="race_measure").select("loss").run()
    app.button_group(key="race_axis").set_value("seconds").run()
    assert not app.exception
    assert app.query_params["race"] == race.name


def test_a_run_that_was_resumed_and_waits_for_its_turn_is_not_called_running() -> None:
    race = write_race({("full", 0): [hits(40, 100), hits(75, 100)]}, is_over=False, status="stopped")
    (member,) = read_race(race).members
    folder_of(race, str(member.run)).request_resume()
    app = open_page("race")
    assert not app.exception
    assert "waiting" in tables(app)
    assert "running" not in tables(app)


def test_a_race_half_copied_is_shown_with_one_sentence() -> None:
    race = finished()
    member = folder_of(race, str(read_race(race).members[0].run))
    (member.path / "config.json").unlink()
    app = open_page("race")
    assert not app.exception
    assert "1 of its runs is no longer in this folder" in app.warning[0].value
    config = race.path / "config.json"
    values = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(values | {"settings": {"members": "x"}}), encoding="utf-8")
    app = open_page("race")
    assert not app.exception
    assert "cannot be read" in app.warning[0].value


@pytest.mark.usefixtures("no_worker")
def test_the_queue_pauses_orders_and_cancels() -> None:
    app = open_page("race", target="clipart")
    app.number_input(key="race_seeds").set_value(1).run()
    next(button for button in app.button if button.label == "Start the race").click().run()
    (race,) = list_runs(RACE)
    app.selectbox(key="race_queued").set_value(4).run()
    app.button(key="race_next").click().run()
    assert read_queue(race).order[0] == 4
    assert "7 to go · then Discriminative, Head only, Last stages, Two phases, Gradual, Full and 1 more" in text(app)
    app.button(key="race_cancel").click().run()
    assert read_queue(race).cancelled == {4}
    assert "1 of 7 runs" in text(app)
    app.button(key="race_pause").click().run()
    assert read_race(race).is_paused
    app.button(key="race_go_on").click().run()
    assert not read_race(race).is_paused
    app.button(key="race_stop").click().run()
    assert race.stop_requested()
    assert not app.exception


def test_a_race_is_named_deleted_and_taken_back() -> None:
    race = finished()
    app = open_page("race")
    app.text_input(key=key_of("race_name", race.name)).set_value("my race")
    next(button for button in app.button if button.label == "Save").click().run()
    assert app.selectbox(key="race").options[0].startswith("my race · ")
    app.button(key="race_delete").click().run()
    assert not app.exception
    assert not list_runs(RACE)
    assert len(list_runs(FINETUNE)) == 9, "its runs stay"
    app.button(key="undo_delete").click().run()
    assert not app.exception
    assert [run.name for run in list_runs(RACE)] == [race.name]
    app = open_page("race")
    app.button(key="race_delete").click().run()
    app = open_page("runs")
    assert any("my race" in markdown.value for markdown in app.markdown), "the trash calls it by its name"


def test_two_races_of_one_name_are_told_apart() -> None:
    races = [finished(), finished()]
    for race in races:
        write_notes(race, Notes("twice"))
    app = open_page("race")
    options = app.selectbox(key="race").options
    assert len(set(options)) == 2
    assert all(option.startswith("twice · ") for option in options)


@pytest.mark.usefixtures("no_worker")
def test_a_race_that_goes_on_cannot_be_deleted() -> None:
    app = open_page("race", target="clipart")
    next(button for button in app.button if button.label == "Start the race").click().run()
    assert app.button(key="race_delete").disabled
    assert app.button(key="race_compare").disabled
    (race,) = list_runs(RACE)
    with pytest.raises(StorageError, match="still active"):
        discard(race)


def test_all_seeds_of_the_best_go_to_compare_and_the_winners_best_seed_to_export() -> None:
    run = finished()
    race = read_race(run)
    names = {(member.words, member.seed): str(member.run) for member in race.members}
    ranked = standings(race)
    order = [names[words, seed] for words in ("Full", "Gradual", "From scratch") for seed in range(3)]
    assert best_runs(race, ranked) == order
    assert winner_weights(run, race, ranked) == "", "nothing has weights"
    for name in names.values():
        folder_of(run, name).weights.write_bytes(b"\0")
    assert winner_weights(run, race, ranked) == names["Full", 2], "81 % of 100 images, its others 79 and 80"
    folder_of(run, names["Full", 2]).weights.unlink()
    assert winner_weights(run, race, ranked) == names["Full", 1]


def colours_on_race(app: Any) -> dict[str, str]:
    """Return the colour of each value in the leaderboard."""
    found = re.findall(r"border-top:4px \w+ (#\w{6})\"></span> ([^<]+)</td>", tables(app))
    return {words: colour for colour, words in found}


def test_compare_keeps_the_colours_the_order_and_the_verdict_of_the_race() -> None:
    run = finished()
    race_page = open_page("race")
    on_race = colours_on_race(race_page)
    assert len(set(on_race.values())) == 3
    race = read_race(run)
    chosen = best_runs(race, standings(race))
    app = open_page("compare", compare=",".join(chosen), compared="Curves")
    assert not app.exception
    heads = re.findall(r"border-left:5px solid (#\w{6});.*?<b>(\w)</b> (.*?)<br>", tables(app))
    assert [(letter, title) for _, letter, title in heads] == [("A", "Full"), ("B", "Gradual"), ("C", "From scratch")]
    assert {title: colour for colour, _, title in heads} == on_race
    assert "**A Full** is ahead with **80.0% ± " in text(app)
    assert "but B Gradual is not distinguishable from it." in text(app)
    assert tables(app).count("mean of 3 seeds") == 3
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    drawn = {trace["name"]: trace["line"]["color"] for trace in figure["data"]}
    assert drawn == {f"{letter} {title}": colour for colour, letter, title in heads}
    assert len(figure["data"]) == 9, "each seed is a line"
    app = open_page("compare", compare=",".join(reversed(chosen[:4])), compared="Cost")
    heads = re.findall(r"border-left:5px solid (#\w{6});.*?<b>(\w)</b> (.*?)<br>", tables(app))
    assert [title for _, _, title in heads] == ["Gradual, seed 0", "Full"], "in the order chosen"
    assert [colour for colour, _, _ in heads] == [on_race["Gradual"], on_race["Full"]]


ODD_RACES: dict[str, dict[str, Any]] = {
    "words for epochs": {"epochs": "many"},
    "huge epochs": {"epochs": 10**15},
    "a list for a strategy": {"strategy": ["full"]},
    "a number for a strategy": {"strategy": 7},
    "no seed": {"seed": None},
    "a list for a seed": {"seed": [1]},
    "another setting": {"from_another_version": {"a": 1}},
}


@pytest.mark.parametrize("kind", ODD_RACES)
@pytest.mark.parametrize("is_over", [True, False])
def test_a_race_with_odd_settings_never_stops_the_page(kind: str, is_over: bool) -> None:
    race = write_race({("full", 0): [hits(4, 10), hits(6, 10)], ("gradual", 0): [hits(5, 10)]}, is_over=is_over)
    config = race.path / "config.json"
    values = json.loads(config.read_text(encoding="utf-8"))
    values["settings"]["members"][0] |= ODD_RACES[kind]
    config.write_text(json.dumps(values), encoding="utf-8")
    app = open_page("race")
    assert not app.exception
    assert "</html>" in race_report_html(race)
    assert race_result(read_race(race), standings(read_race(race)))["race"] == race.name


@pytest.mark.parametrize("member", ODD)
def test_a_race_with_a_damaged_run_never_stops_the_page(member: str) -> None:
    race = finished()
    ODD[member](folder_of(race, str(read_race(race).members[0].run)))
    app = open_page("race")
    assert not app.exception
    assert "</html>" in race_report_html(race)


@pytest.mark.parametrize("name", ["events.jsonl", "queue.json", "notes.json", "heartbeat"])
def test_a_race_whose_own_file_is_damaged_never_stops_the_page(name: str) -> None:
    race = finished()
    (race.path / name).write_bytes(b'{"event": "member", "number": [1], "order": "x", "name": 5\n{"event": "dropp')
    app = open_page("race")
    assert not app.exception

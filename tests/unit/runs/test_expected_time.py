"""How long a run will take: the work of a plan by hand, and estimates from runs whose speed is known."""

from __future__ import annotations

import json
import os
import socket
import time
from typing import Any

import pytest

from tlviz.finetune.choices import Augment
from tlviz.finetune.config import configure
from tlviz.models.spec import Stage
from tlviz.runs.expected_time import Timed, forecast, forecasts, in_words, rows_to_time, timed_run, work_of
from tlviz.runs.overview import overview
from tlviz.runs.store.folder import create_run

STAGES = tuple(Stage(name, (name,), 10, 64, 4, 0.25) for name in ("stem", "fire2", "fire3", "head"))


def config(strategy: str = "full", **chosen: Any) -> Any:
    return configure("squeezenet1_1", "photos", strategy, **({"epochs": 10, "image_size": 224} | chosen))


def test_the_work_of_a_plan_by_hand() -> None:
    """100 training and 20 validation pictures, ten epochs, a quarter of the cost a stage."""
    assert work_of(config(freeze=0), STAGES, 100, 20) == 10 * (300 + 20) + 20
    kept = 0.75 * (100 + 20) + 0.25 * 10 * (300 + 20) + 20
    assert work_of(config("head_only", freeze=3), STAGES, 100, 20) == pytest.approx(kept)
    views = 0.5 * (4 * 100 + 20) + 0.5 * 10 * (300 + 20) + 20
    light = config("last_stages", freeze=2, augment=Augment.LIGHT, views=4)
    assert work_of(light, STAGES, 100, 20) == pytest.approx(views)
    many = config("last_stages", freeze=2, augment=Augment.LIGHT, views=10)
    assert work_of(many, STAGES, 100, 20) == pytest.approx(0.5 * 10 * 120 + 0.5 * 10 * 320 + 20), "nothing comes twice"
    assert work_of(config(freeze=0, image_size=112), STAGES, 100, 20) == pytest.approx((3200 + 20) / 4)


def test_deeper_freezing_never_takes_longer() -> None:
    work = [work_of(config("last_stages", freeze=depth), STAGES, 100, 20) for depth in range(4)]
    assert work == sorted(work, reverse=True)


def test_a_machine_of_known_speed_is_found_again() -> None:
    """At a hundred passes a second after two seconds, whatever the depth of what ran before."""
    runs = [Timed(work, 2 + work / 100, True) for work in (1000.0, 3000.0, 8000.0)]
    found = forecast(5000, runs)
    assert found is not None
    assert found.seconds == pytest.approx(52)
    assert found.low < 52 < found.high < 70
    assert found.words == "about 50 s (45 to 60 s, from 3 earlier runs here)"


def test_what_runs_here_disagree_by_is_said() -> None:
    alike = forecast(1000, [Timed(1000, 12, True), Timed(1000, 12, True)])
    apart = forecast(1000, [Timed(1000, 12, True), Timed(1000, 32, True)])
    elsewhere = forecast(1000, [Timed(1000, 12, False)])
    assert alike is not None
    assert apart is not None
    assert elsewhere is not None
    assert apart.high / apart.low > elsewhere.high / elsewhere.low > alike.high / alike.low
    assert elsewhere.words.endswith("from 1 earlier run on other targets here)")
    assert forecast(1000, []) is None, "nothing is claimed where nothing was measured"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (9.4, "9 s"), (41, "40 s"), (95, "2 min"), (4000, "67 min"), (9000, "2.5 h")]
)
def test_times_are_rounded_to_what_they_mean(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def ran(host: str = "", status: str = "finished", **chosen: Any) -> None:
    settings = config("head_only", **chosen).to_json()
    run = create_run("finetune", "x", settings)
    start = {"event": "started", "train_images": 100, "validation_images": 20}
    epoch = {
        "event": "epoch",
        "epoch": 10,
        "val_loss": 1.0,
        "val_accuracy": 0.5,
        "images_per_s": 1.0,
        "duration_s": 1.0,
    }
    events = [start, epoch, {"event": "finished", "status": status, "duration_s": 7.0}]
    (run.path / "events.jsonl").write_text(
        "".join(json.dumps(event | {"time": time.time()}) + "\n" for event in events)
    )
    beat = {"host": host or socket.gethostname(), "pid": os.getpid(), "time": time.time(), "state": "running"}
    (run.path / "heartbeat").write_text(json.dumps(beat | {"process_started": 0.0, "doing": "", "fraction": 0.0}))


def test_runs_of_this_machine_count() -> None:
    ran(freeze=3)
    ran(host="elsewhere", freeze=3)
    ran(status="stopped", freeze=3)
    rows = rows_to_time(overview(), "squeezenet1_1")
    assert len(rows) == 2, "the stopped one is no whole run"
    held = [one for row in rows if (one := timed_run(row, STAGES, "photos"))]
    assert held == [Timed(pytest.approx(0.75 * 120 + 0.25 * 3200 + 20), 7.0, True)]
    deep, none = forecasts([config("head_only", freeze=3), None], STAGES, 125, held, None)
    assert none is None
    assert deep is not None
    assert 5 < deep.seconds < 9

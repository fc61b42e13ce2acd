"""A course is made from what a race has planned, and has no deadline of its own."""

from __future__ import annotations

import pytest

from tests.unit.runs.made_races import hits, write_race
from tlviz.errors import BadSettingError
from tlviz.jobs.job import Job
from tlviz.jobs.race_course import Course
from tlviz.runs.store.heartbeat import Status


def test_a_race_that_is_over_has_nothing_left_to_run() -> None:
    race = write_race({("full", 0): [hits(5, 10)], ("head_only", 0): [hits(6, 10)]})
    told = Course(Job(race), race.config()["settings"]).run()
    assert told == {"status": Status.FINISHED, "finished": 2, "failed": 0, "dropped": 0}


def test_a_damaged_plan_is_refused_before_anything_runs() -> None:
    race = write_race({("full", 0): [hits(5, 10)]})
    settings = race.config()["settings"]
    settings["members"][0]["epochs"] = -1
    with pytest.raises(BadSettingError):
        Course(Job(race), settings)

"""The first field of a search where nothing can be measured, and measuring that takes too long."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tlviz.data.images import open_target
from tlviz.data.sources.reading import ReadAs
from tlviz.jobs import best_field
from tlviz.jobs.best_field import Search, plan_field
from tlviz.jobs.job import Job, StoppedEarly
from tlviz.runs.store.folder import create_run
from tlviz.runs.store.kinds import RACE


def search(data: str, told: list[str], used_s: float = 0.0) -> Search:
    job = Job(create_run(RACE, "race", {}))
    read_as = ReadAs()
    return Search(
        job=job,
        target=open_target(data),
        data=data,
        read_as=read_as,
        models=["squeezenet1_1"],
        base={},
        budget_s=600.0,
        used_s=lambda: used_s,
        left_s=lambda: 600.0 - used_s,
        say=told.append,
    )


def test_too_few_pictures_race_by_the_fixed_rules(tmp_path: Path) -> None:
    for label, colour in (("a", 90), ("b", 160)):
        (tmp_path / label).mkdir()
        for at in range(2):
            Image.new("RGB", (40, 40), (colour, at, 0)).save(tmp_path / label / f"{at}.png")
    told: list[str] = []
    found = plan_field(search(str(tmp_path), told))
    assert "Not measured" in told[0]
    assert [config.strategy for _, config in found.runs] == ["two_phase", "full", "last_stages", "head_only"]
    assert {config.test_share for _, config in found.runs} == {0.0}
    assert {config.image_size for _, config in found.runs} == {128}
    assert not found.is_measured
    assert "too small" in found.words


def test_measuring_is_given_up_where_it_takes_too_long_and_ends_at_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    def profile(_request: Any, tell: Any) -> Any:
        tell("pretrained network", 1, 2)
        raise AssertionError("it was told to end")

    monkeypatch.setattr(best_field, "profile_target", profile)
    told: list[str] = []
    asked = search("photos", told, used_s=200.0)
    assert not plan_field(asked).is_measured
    assert "too long" in told[0]
    asked.job.terminate()
    with pytest.raises(StoppedEarly):
        plan_field(asked)

"""The table of job kinds: one row and one module make a kind that is started, executed, named and removed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tlviz import worker
from tlviz.errors import UnknownNameError
from tlviz.runs import launch
from tlviz.runs.store.folder import RunFolder, create_run, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import KINDS, Forget, JobKind, find_kind
from tlviz.runs.summary import summarise
from tlviz.ui.widgets.panels import run_label

COUNT = JobKind(
    name="count",
    module="tiny_count_job",
    title="Count of {what} in {data}",
    label=("count", "{data}", "{what}"),
    settings=frozenset({"data", "what"}),
    device="files",
    is_joined=True,
    forgets=Forget.ALL,
)
SETTINGS = {"data": "photos", "what": "cats & dogs"}


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[RunFolder]]:
    """Add a kind to the table, and note the workers that would be started."""
    words = (
        "from tlviz.runs.store.heartbeat import Status",
        "def execute(job, settings):",
        "    job.tell(Status.RUNNING, 'counting')",
        "    return {'status': Status.FINISHED, 'letters': len(settings['what'])}",
    )
    (tmp_path / "tiny_count_job.py").write_text("\n".join(words))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(KINDS, COUNT.name, COUNT)
    found: list[RunFolder] = []
    monkeypatch.setattr(launch, "start_worker", found.append)
    handler = signal.getsignal(signal.SIGTERM)
    yield found
    signal.signal(signal.SIGTERM, handler)


def test_a_kind_in_the_table_is_started_and_executed(started: list[RunFolder]) -> None:
    run = launch.start_job("count", SETTINGS)
    assert started == [run]
    assert run.config()["kind"] == "count"
    assert run.config()["settings"] == SETTINGS | {"device": "files"}
    assert run.name[16:-5] == "count-photos-cats___dogs"
    assert worker.main(str(run.path)) == 0
    assert run.status() is Status.FINISHED
    assert run.events()[-1]["letters"] == len(SETTINGS["what"])
    assert run_label(summarise(run)) == "Count of cats & dogs in Photos"


def test_one_under_way_is_joined_and_those_that_are_over_are_removed(started: list[RunFolder]) -> None:
    first = launch.start_job("count", SETTINGS)
    other = launch.start_job("count", SETTINGS | {"what": "birds"})
    assert launch.start_job("count", SETTINGS) == first
    assert started == [first, other]
    assert worker.main(str(first.path)) == 0
    again = launch.start_job("count", SETTINGS)
    assert {run.name for run in list_runs("count")} == {other.name, again.name}, "what is still going on stays"


@pytest.mark.parametrize(
    ("forgets", "left"), [(Forget.NONE, {"birds", "cats"}), (Forget.SAME, {"birds"}), (Forget.ALL, set())]
)
def test_what_is_forgotten(
    started: list[RunFolder], forgets: Forget, left: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {field: getattr(COUNT, field) for field in COUNT.__slots__}
    monkeypatch.setitem(KINDS, "count", JobKind(**told | {"forgets": forgets}))
    for what in ("birds", "cats"):
        run = create_run("count", "x", {"data": "photos", "what": what, "device": "files"})
        assert worker.main(str(run.path)) == 0
    new = launch.start_job("count", {"data": "photos", "what": "cats"})
    assert {run.config()["settings"]["what"] for run in list_runs("count") if run != new} == left


def test_settings_that_a_kind_does_not_take_are_a_defect(started: list[RunFolder]) -> None:
    for settings in ({"data": "photos"}, SETTINGS | {"sise": 3}):
        with pytest.raises(ValueError, match=r"A count takes \['data', 'what'\]"):
            launch.start_job("count", settings)
    assert not started
    assert not list_runs()


def test_a_kind_of_a_newer_version_is_one_sentence(started: list[RunFolder]) -> None:
    run = create_run("compare", "x", {})
    assert worker.main(str(run.path)) == 2
    assert str(run.events()[-1]["error"]).startswith("There is no kind of job called 'compare'; try one of: ")
    with pytest.raises(UnknownNameError):
        find_kind("compare")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_has_its_module(kind: JobKind) -> None:
    assert callable(import_module(kind.module).execute)
    assert kind.module == f"tlviz.jobs.{kind.name}", "a reader finds it by the name in config.json"


def test_names_on_disk_stay() -> None:
    kept = "finetune race range_test profile doctor ingest download visualise answers export"
    assert kept.split() == list(KINDS)


def test_a_label_is_safe_on_every_file_system() -> None:
    settings = {"model": "a/b c", "data": "/x/my pictures", "strategy": "full"}
    assert find_kind("finetune").folder_label(settings) == "b_c-my_pictures-full"

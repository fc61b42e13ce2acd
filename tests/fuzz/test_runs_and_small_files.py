"""Whatever lies in a run folder, in a run's ZIP or in one of the small files, it ends well or in one sentence."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.guard import survives
from tests.fuzz.runs import remove, run_folder, run_zip
from tests.fuzz.small_files import arrays, damaged, put
from tlviz.cli import main
from tlviz.data.pixels.pixel_cache import Entry
from tlviz.data.sources.notes import excluded_names, notes_path, remembered_reading
from tlviz.data.sources.store import datasets_folder, list_stored, note_of_stored
from tlviz.diagnose.doctor import _stored
from tlviz.diagnose.profile_store import load_profile
from tlviz.disk_cache import read_arrays
from tlviz.errors import TlvizError
from tlviz.home import cache_folder
from tlviz.models.imported import own_models
from tlviz.runs.advice.record import _path, load_record, recorded_targets
from tlviz.runs.curves import CurveReader
from tlviz.runs.notes import read_notes
from tlviz.runs.overview import overview, search, unreadable
from tlviz.runs.predictions import read_answers
from tlviz.runs.races.race import read_race
from tlviz.runs.store.archive import pack_run, take_in
from tlviz.runs.store.folder import RunFolder, find_run, list_runs
from tlviz.runs.store.trash import discard, empty_trash
from tlviz.runs.summary import summarise

SLOW = pytest.mark.slow


def look(run: RunFolder) -> None:
    """Read a run in every way that pages and commands do."""
    run.status()
    run.has_ended()
    run.heartbeat()
    summary = summarise(run)
    CurveReader().read(run)
    read_notes(run)
    read_answers(run, summary.best_epoch)
    read_race(run)
    rows = overview(None)
    search(rows, "odd a")
    unreadable(rows)
    for act in (lambda: find_run(run.name), lambda: pack_run(run, io.BytesIO()), run.request_resume):
        try:
            act()
        except TlvizError as error:
            assert len(str(error)) < 2_000


@pytest.mark.parametrize("count", [80, pytest.param(3_000, marks=SLOW)])
def test_run_folders(count: int, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(count):
        run = run_folder(seed)
        with survives(seed, home):
            look(run)
            if seed % 20 == 0:
                assert main(["runs", "--json"]) == 0
                assert main(["runs", "show", run.name, "--json"]) in (0, 2)
            discard(run)
        for left in [*list_runs(), run]:
            if left.path.exists():
                remove(left.path)
        if seed % 50 == 0:
            empty_trash()
    capsys.readouterr()


@pytest.mark.parametrize("count", [45, pytest.param(1_700, marks=SLOW)])
def test_run_zips(count: int, home: Path, tmp_path: Path) -> None:
    for seed in range(count):
        archive = tmp_path / f"run-{seed}.zip"
        archive.write_bytes(run_zip(seed))
        with survives(seed, home):
            run = take_in(archive)
            assert run.path.parent == home / "runs"
            look(run)
        for left in list_runs():
            remove(left.path)
        archive.unlink()
        assert not list((home / "incoming").iterdir()) if (home / "incoming").exists() else True


CARD = {
    "like": "squeezenet1_1",
    "provider": "torchvision",
    "architecture": "squeezenet1_1",
    "classes": ["a", "b"],
    "sha256": "0",
    "parameters": 3,
    "preprocessing": {
        "size": 224,
        "interpolation": "bilinear",
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "crop_fraction": 0.9,
    },
}
ADVISED = {"when": 1.0, "freeze": 1, "strategy": "full", "head_lr": 0.1, "backbone_lr": 0.1, "confidence": "high"}
RECORD = {"format": 1, "model": "m", "data": "d", "advised": [ADVISED], "outcomes": []}
REPORT = {"data": "d", "classes": ["a"], "images": 3, "findings": [], "groups": [["a", "b"]], "nearest_agreement": 0.5}
INDEX = {"kept": [0, 1], "notes": [[1, "a", "b"]], "unread": [2]}
NOTES = {"excluded": {"a": "b"}, "read_as": {"layout": "classes"}}
STORED = {"archive": "x.zip", "root": ".", "problems": [{"path": "a", "problem": "b", "action": "c"}]}


def _index(home: Path) -> object:
    try:
        return Entry(home / "cache" / "images" / "x").index()
    except (OSError, ValueError):  # what its callers expect
        return None


def _small_files(home: Path) -> list[tuple[Path, Any, Callable[[], object]]]:
    """Return where the small files lie, what a sound one says, and who reads it."""
    store = datasets_folder() / "mine"
    return [
        (notes_path("photos"), NOTES, lambda: (excluded_names("photos"), remembered_reading("photos"))),
        (store / ".tlviz.json", STORED, lambda: (list_stored(), note_of_stored(store))),
        (home / "checkpoints" / "mine" / "card.json", CARD, own_models),
        (_path("m", "d"), RECORD, lambda: (load_record("m", "d"), recorded_targets("m"))),
        (cache_folder("doctor") / "x.json", REPORT, lambda: _stored(cache_folder("doctor") / "x.json")),
        (
            cache_folder("profiles") / "x.json",
            {"stages": []},
            lambda: load_profile(cache_folder("profiles") / "x.json"),
        ),
        (cache_folder("runs") / "overview.json", {"format": 1, "runs": {"x": [[1], {}]}}, lambda: overview(None)),
        (home / "cache" / "images" / "x" / "index.json", INDEX, lambda: _index(home)),
    ]


@pytest.mark.parametrize("count", [60, pytest.param(2_300, marks=SLOW)])
def test_small_files(count: int, home: Path) -> None:
    (home / "checkpoints" / "mine").mkdir(parents=True)
    (home / "checkpoints" / "mine" / "weights.safetensors").write_bytes(b"x")
    held = cache_folder("maps") / "x.npz"
    read_well = 0
    for seed in range(count):
        chance = random.Random(seed)
        files = _small_files(home)
        path, sound, read = files[seed % len(files)]
        put(chance, path, damaged(chance, sound))
        put(chance, held, arrays(chance))
        with survives(seed, home):
            read()
        with survives(seed, home):
            read_well += bool(read_arrays(held))
        for one in (path, held):
            if one.is_dir():
                one.rmdir()
            elif one.exists() or one.is_symlink():
                one.unlink()
    assert 0 < read_well < count, "some are sound, and some are not"

"""Real races on tiny pictures: they share, queue, wait, drop, survive a kill, and change no run by a bit."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from tests.painted import paint
from tests.warm import WarmWorkers
from tests.workers import wait
from tlviz.cli import main
from tlviz.errors import StorageError
from tlviz.finetune.config import FinetuneConfig
from tlviz.runs.curves import CurveReader
from tlviz.runs.launch import resume_run, start_finetune, start_race
from tlviz.runs.races.plan import plan_race
from tlviz.runs.races.race import Member, MemberState, cancel_member, folder_of, go_on, pause, read_race, reorder
from tlviz.runs.races.standings import standings
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import FINETUNE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a target of two classes with twenty small pictures each, one of them tinted."""
    root = tmp_path_factory.mktemp("a target, ")
    for label, tint in (("warm", (255, 160, 120)), ("cold", (120, 160, 255))):
        (root / label).mkdir()
        for at in range(20):
            pixels = np.asarray(paint(at + 100 * (label == "cold"), 48, 48)) * (np.array(tint) / 255)
            Image.fromarray(pixels.astype(np.uint8)).save(root / label / f"{at}.png")
    return root


def plan(
    folder: Path, strategies: tuple[str, ...], seeds: tuple[int, ...] = (0,), **more: object
) -> list[FinetuneConfig]:
    base = {"model": "squeezenet1_1", "data": str(folder), "image_size": 64, "epochs": 3, "batch_size": 8}
    return list(plan_race(base | {"threads": 1, "patience": 100} | more, "strategy", strategies, seeds))


def over(race: RunFolder) -> bool:
    return race.status().is_over


def epochs_run(race: RunFolder) -> int:
    return sum(len(member.curve.points) for member in read_race(race).members)


def running(race: RunFolder) -> list[Member]:
    return [member for member in read_race(race).members if member.state is MemberState.RUNNING]


def states(race: RunFolder) -> list[str]:
    return [str(member.state) for member in sorted(read_race(race).members, key=lambda m: m.number)]


def same_weights(race: RunFolder, number: int, alone: RunFolder) -> None:
    member = next(member for member in read_race(race).members if member.number == number)
    one, two = load_file(folder_of(race, str(member.run)).weights), load_file(alone.weights)
    assert one.keys() == two.keys()
    assert all(np.array_equal(one[name].numpy(), two[name].numpy()) for name in one)
    _, curve = CurveReader().read(alone)
    assert [(p.epoch, p.val_loss, p.train_loss) for p in member.curve.points] == [
        (p.epoch, p.val_loss, p.train_loss) for p in curve.points
    ]


def test_a_run_in_a_race_is_the_run_alone_to_the_bit(folder: Path) -> None:
    configs = plan(folder, ("head_only", "two_phase", "last_stages"), epochs=6, augment="light", views=2)
    race = start_race(configs, "strategy")
    wait(lambda: over(race))
    found = read_race(race)
    assert found.status is Status.FINISHED, found.trouble
    assert states(race) == ["finished"] * 3
    assert found.members[1].curve.shared_s > 0, "the head's prefix was computed once"
    assert found.members[0].curve.shared_s == 0
    for number, config in enumerate(configs):
        alone = start_finetune(config)
        wait(lambda: over(alone))  # noqa: B023 (called at once)
        same_weights(race, number, alone)
        assert str(found.members[number].run)[16:-5] == alone.name[16:-5], "both folders are named by one rule"
        assert alone.name[16:-5] == f"squeezenet1_1-a_target__0-{config.strategy}"
    assert len(list_runs(FINETUNE)) == 6
    assert race.events()[-1]["finished"] == 3
    assert all(standing.memory_mb and standing.seconds for standing in standings(found))


def test_a_race_that_fails_in_one_run_goes_on(folder: Path) -> None:
    configs = plan(folder, ("full", "head_only"), head_lr=10.0, backbone_lr=10.0, optimizer="sgd")
    race = start_race([configs[0], *plan(folder, ("head_only",))], "strategy")
    wait(lambda: over(race))
    assert states(race) == ["failed", "finished"]
    members = read_race(race).members
    assert "no longer a number" in str(members[0].curve.error)
    assert race.status() is Status.FINISHED


def test_order_cancel_pause_and_stop(folder: Path) -> None:
    names = ("full", "discriminative", "head_only", "gradual", "last_stages")
    race = start_race(plan(folder, names, epochs=1000), "strategy")  # none is over before it is stopped
    reorder(race, [2, 0, 1, 3, 4])
    cancel_member(race, 1)
    wait(lambda: epochs_run(race) >= 3 and running(race))  # the sign of life comes a moment after the epochs
    assert [m.number for m in running(race)] == [2]
    member = folder_of(race, str(running(race)[0].run))
    for busy in (race, member):
        with pytest.raises(StorageError, match="still active"):
            busy.delete()

    pause(race)
    wait(lambda: (beat := read_race(race).beat) is not None and "paused" in beat.doing)
    before = epochs_run(race)
    time.sleep(1.2)
    assert epochs_run(race) == before
    assert read_race(race).is_paused
    go_on(race)
    wait(lambda: epochs_run(race) > before)
    slowest = max(e["duration_s"] for e in member.events() if e["event"] == "epoch")
    assert slowest < 1, "a pause takes no time"

    cancel_member(race, 2)
    wait(lambda: member.status().is_over)
    assert member.status() is Status.STOPPED
    wait(lambda: any(m.state is MemberState.RUNNING and m.number == 0 for m in read_race(race).members))
    wait(lambda: epochs_run(race) > before + 2)
    wait(lambda: (beat := read_race(race).beat) is not None and "Full: epoch" in beat.doing)
    wait(lambda: (beat := read_race(race).beat) is not None and (beat.seconds_left or 0) > 0)
    race.request_stop()
    wait(lambda: over(race))
    assert race.status() is Status.STOPPED
    assert states(race) == ["stopped", "stopped", "stopped", "waiting", "waiting"]


def test_a_killed_race_goes_on_and_loses_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configs = plan(folder, ("head_only", "full"), seeds=(0, 1), epochs=5)
    race = start_race(configs, "strategy")
    wait(lambda: len(read_race(race).members[1].curve.points) >= 3)
    beat = race.heartbeat()
    assert beat is not None
    os.kill(beat.pid, signal.SIGKILL)
    wait(lambda: over(race))
    killed = read_race(race)
    assert killed.status is Status.FAILED
    assert "resume it, and no finished epoch is lost" in str(killed.trouble)
    assert states(race) == ["finished", "failed", "waiting", "waiting"]
    assert main(["runs", "resume", race.name, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["status"] == "finished"
    assert [len(row["runs"]) for row in result["strategies"]] == [2, 2]
    assert states(race) == ["finished"] * 4
    assert len(list_runs(FINETUNE)) == 4
    first = read_race(race).members[1]
    events = folder_of(race, str(first.run)).events()
    assert [e["epoch"] for e in events if e["event"] == "epoch"] == list(range(6))
    assert next(e["epoch"] for e in events if e["event"] == "resumed") >= 1
    alone = start_finetune(configs[1])
    wait(lambda: over(alone))
    same_weights(race, 1, alone)


@pytest.mark.slow
@pytest.mark.parametrize("kills", [2, 20])
def test_a_race_killed_at_random_moments_ends_as_if_nothing_had_happened(folder: Path, kills: int) -> None:
    """In every run of the tests, ``test_a_killed_race_goes_on_and_loses_nothing`` kills one at a chosen moment."""
    draw = random.Random(kills)
    configs = plan(folder, ("head_only", "two_phase", "full"), epochs=3 + kills // 2)
    race = start_race(configs, "strategy")
    for _ in range(kills):
        before = epochs_run(race)
        wait(lambda: epochs_run(race) > before or over(race))  # noqa: B023 (called at once)
        time.sleep(draw.random() * 0.4)
        beat = race.heartbeat()
        if race.status() is Status.FINISHED:
            break
        assert beat is not None
        os.kill(beat.pid, signal.SIGKILL)
        wait(lambda: over(race))
        assert epochs_run(race) >= before
        resume_run(race)
    wait(lambda: over(race))
    assert states(race) == ["finished"] * 3
    assert len(list_runs(FINETUNE)) == 3
    for number, config in enumerate(configs):
        alone = start_finetune(config)
        wait(lambda: over(alone))  # noqa: B023 (called at once)
        same_weights(race, number, alone)


def test_a_full_disk_ends_the_race_in_one_sentence_and_it_goes_on_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch, warm_workers: WarmWorkers
) -> None:
    """The system refuses files over a megabyte, as a full disk would: the first run's weights find no room."""
    with monkeypatch.context() as patched:
        patched.setattr("tlviz.runs.launch.start_worker", lambda run: None)
        race = start_race(plan(folder, ("head_only", "full")), "strategy")
    assert warm_workers.worker(race.path, largest_file=10**6).wait() == 2
    found = read_race(race)
    assert "Cannot write" in str(found.trouble)
    assert "best.safetensors" in str(found.trouble)
    assert states(race) == ["failed", "waiting"], "the second is not burnt"
    resume_run(race)
    wait(lambda: over(race))
    assert states(race) == ["finished", "finished"]


def test_halving_drops_a_clear_loser_and_the_rest_end_as_without(folder: Path) -> None:
    names = ("head_only", "last_stages", "full", "two_phase")
    configs = plan(folder, names, epochs=6)
    loser = plan(folder, ("from_scratch",), epochs=6, head_lr=1e-7, backbone_lr=1e-7)
    race = start_race([*configs, *loser], "strategy", halving=True)
    wait(lambda: over(race))
    found = read_race(race)
    assert found.status is Status.FINISHED, found.trouble
    assert states(race)[:4] == ["finished"] * 4
    last = next(m for m in found.members if m.number == 4)
    assert last.state is MemberState.DROPPED, [standing.accuracy for standing in standings(found)]
    assert last.curve.points[-1].epoch in (2, 4)
    assert "From scratch was dropped: after epoch" in found.notes[0]
    assert folder_of(race, str(last.run)).status() is Status.STOPPED
    assert standings(found)[-1].is_dropped
    alone = start_finetune(configs[3])
    wait(lambda: over(alone))
    same_weights(race, 3, alone)


def test_two_races_at_once_take_turns_and_nothing_runs_twice(folder: Path) -> None:
    first = start_race(plan(folder, ("head_only", "full")), "strategy")
    second = start_race(plan(folder, ("head_only", "full")), "strategy")
    assert first.name != second.name
    wait(lambda: over(first) and over(second))
    assert states(first) == states(second) == ["finished"] * 2
    assert len({m.run for race in (first, second) for m in read_race(race).members}) == 4
    assert first.events()[-1]["time"] < second.events()[0]["time"]


def test_a_run_whose_folder_was_deleted_is_left_out(folder: Path) -> None:
    race = start_race(plan(folder, ("head_only", "full"), epochs=10), "strategy")
    wait(lambda: read_race(race).members[0].state is MemberState.FINISHED)
    folder_of(race, str(read_race(race).members[0].run)).delete()
    race.request_stop()
    wait(lambda: over(race))
    resume_run(race)
    wait(lambda: over(race))
    found = read_race(race)
    assert [m.state for m in found.members] == [MemberState.GONE, MemberState.FINISHED]
    assert "1 of its runs is no longer in this folder" in str(found.trouble)


def test_the_command_line_races_a_sweep(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["race", "--model", "squeezenet1_1", "--data", str(folder), "--image-size", "64", "--epochs", "2"]
    swept = ["--strategy", "head_only", "--sweep", "batch_size", "--values", "8,16", "--seeds", "0,1"]
    assert main([*arguments, *swept, "--json"]) == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert {"model", "data", "strategies", "duration_s"} <= result.keys()
    assert {row["value"] for row in result["strategies"]} == {8, 16}
    wanted = {"strategy", "val_accuracy_mean", "val_accuracy_se", "duration_s", "trainable_parameters", "runs"}
    assert all(wanted <= row.keys() and row["strategy"] == "head_only" for row in result["strategies"])
    assert "batch size 8, seed 1, epoch 2: validation accuracy" in captured.err
    for wrong, words in (
        (["--strategies", "full,nonsense"], "no strategy called 'nonsense'"),
        (["--sweep", "freeze", "--values", "3,11"], "freeze is 11; it must be between 0"),
        (["--sweep", "freeze"], "--sweep freeze needs --values"),
        (["--values", "3"], "--values needs --sweep"),
        (["--strategies", "full", "--sweep", "freeze", "--values", "3"], "sweeps one setting"),
        (["--seeds", "a"], "seeds are 'a'"),
    ):
        assert main([*arguments, *wrong]) == 2
        assert words in capsys.readouterr().err


def test_the_time_left_is_known_from_the_second_run_on_whatever_a_run_does(folder: Path) -> None:
    race = start_race(plan(folder, ("head_only", "full"), (0, 1)), "strategy")
    told: list[tuple[str, float | None]] = []

    def watch() -> bool:
        if (beat := race.heartbeat()) is not None and beat.state == Status.RUNNING:
            told.append((beat.doing, beat.seconds_left))
        return over(race)

    wait(watch)
    late = [left for doing, left in told if doing.startswith(("Full", "Head only, seed 1"))]
    assert late
    assert all(left is not None for left in late), {doing for doing, left in told if left is None}

from __future__ import annotations

import builtins
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.pretended_slurm import pretend, show
from tlviz.errors import BadSettingError
from tlviz.home import runs_folder
from tlviz.runs.launchers.resources import Resources
from tlviz.runs.launchers.slurm import SlurmLauncher, need_slurm
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.scheduled import read_scheduled

SLURM = Resources("slurm", partition="short", time_min=30, gpus=1, memory_gb=1.5, array_size=2, extra={"qos": "q"})


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    pytest.importorskip("submitit")
    return pretend(monkeypatch, tmp_path / "slurm tools".replace(" ", "_"))


def made(count: int) -> list[RunFolder]:
    return [create_run("finetune", f"run{at}", {"model": "squeezenet1_1"}) for at in range(count)]


def test_several_runs_are_one_array(tools: Path) -> None:
    runs = made(3)
    SlurmLauncher().submit(runs, SLURM)
    assert [read_scheduled(run.path).job for run in runs] == ["7_0", "7_1", "7_2"]
    script = (tools / "script").read_text()
    for line in ("array=0-2%2", "partition=short", "time=30", "gpus-per-node=1", "mem=1536M", "qos=q", "requeue"):
        assert f"#SBATCH --{line}" in script
    assert "export TLVIZ_HOME=" in script


def test_a_refusal_names_the_partitions(tools: Path) -> None:
    with pytest.raises(
        BadSettingError, match=r"invalid partition specified: nope\. The partitions here are long, short"
    ):
        SlurmLauncher().submit(made(1), SLURM.changed({"partition": "nope"}))


def test_one_that_waits_is_taken_out_of_the_queue(tools: Path) -> None:
    (run,) = made(1)
    SlurmLauncher().submit([run], SLURM)
    show(tools, "7|PENDING|Priority\n")
    assert SlurmLauncher().state(run) is Status.QUEUED
    SlurmLauncher().cancel(run)
    assert (tools / "scancel.txt").read_text().split() == ["7"]
    assert run.status() is Status.STOPPED


def test_what_is_missing_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadSettingError, match="sbatch" if find_spec("submitit") else "submitit"):
        need_slurm()
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "submitit":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BadSettingError, match=r"requirements-cluster\.txt"):
        need_slurm()
    assert not runs_folder().exists()

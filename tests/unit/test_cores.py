"""How many cores a container leaves: its control groups as files in a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tlviz.cores import usable_cores
from tlviz.finetune.config import configure


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def write_process(root: Path, groups: str) -> None:
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "self" / "cgroup").write_text(groups, encoding="ascii")


@pytest.mark.parametrize(
    ("own", "above", "cores"),
    [
        ("max 100000", "max 100000", 8),
        ("200000 100000", "max 100000", 2),
        ("150000 100000", "max 100000", 2),
        ("5000 100000", "max 100000", 1),
        ("max 100000", "300000 100000", 3),
        ("900000 100000", "max 100000", 8),
        ("nonsense", "", 8),
        ("100000 0", "", 8),
    ],
)
def test_a_granted_share_of_time_limits_the_cores(tmp_path: Path, own: str, above: str, cores: int) -> None:
    for path, content in (("pod/box/cpu.max", own), ("pod/cpu.max", above)):
        file = tmp_path / "sys/fs/cgroup" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content + "\n", encoding="ascii")
    write_process(tmp_path, "0::/pod/box\n")
    assert usable_cores(tmp_path) == cores


@pytest.mark.parametrize(("quota", "cores"), [("-1", 8), ("400000", 4)])
def test_the_first_version_of_control_groups_is_read_too(tmp_path: Path, quota: str, cores: int) -> None:
    mount = tmp_path / "sys/fs/cgroup/cpu,cpuacct"
    mount.mkdir(parents=True)
    (mount / "cpu.cfs_quota_us").write_text(quota, encoding="ascii")
    (mount / "cpu.cfs_period_us").write_text("100000", encoding="ascii")
    write_process(tmp_path, "5:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n")  # inside, the group itself is the mount
    assert usable_cores(tmp_path) == cores


def test_without_control_groups_all_cores_are_usable(tmp_path: Path) -> None:
    assert usable_cores(tmp_path) == 8


def test_a_run_takes_them_unless_threads_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlviz.finetune.config.usable_cores", lambda: 3)
    assert configure("squeezenet1_1", "photos", "full").threads == 3
    assert configure("squeezenet1_1", "photos", "full", threads=5).threads == 5

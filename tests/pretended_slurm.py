"""What SLURM's commands print, from programs of a few lines, for tests that have no SLURM."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tlviz.runs.store import scheduled

SBATCH = """#!/bin/sh
cp "$1" {folder}/script
if grep -q 'partition=nope' "$1"; then
  echo 'sbatch: error: invalid partition specified: nope' >&2
  echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2
  exit 1
fi
echo 'Submitted batch job 7'
"""
SHOWS = "#!/bin/sh\ncat {folder}/{name}.txt\n"
NOTES = '#!/bin/sh\necho "$@" >> {folder}/{name}.txt\n'


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Put them on the path; ``squeue.txt`` in the folder is what squeue prints, ``scancel.txt`` what was cancelled."""
    folder.mkdir()
    programs = {"sbatch": SBATCH, "srun": NOTES, "scancel": NOTES, "squeue": SHOWS, "sinfo": SHOWS}
    for name, text in programs.items():
        (folder / name).write_text(text.replace("{folder}", str(folder)).replace("{name}", name))
        (folder / name).chmod(0o755)
    (folder / "sinfo.txt").write_text("short\nlong\n")
    show(folder, "")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def show(folder: Path, text: str) -> None:
    """Let squeue print this from now on."""
    (folder / "squeue.txt").write_text(text)
    scheduled._asked.clear()

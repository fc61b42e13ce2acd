"""A log that is full ends nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tlviz.jobs.log import ForgivingLog


def test_what_finds_no_room_is_left_out_and_the_process_goes_on(tmp_path: Path) -> None:
    code = (
        "import sys, warnings; from tlviz.jobs.log import use_forgiving_logs; use_forgiving_logs()\n"
        "print('x' * 100_000, flush=True); sys.stderr.write('y' * 100_000); warnings.warn('z')\n"
        "sys.exit(2)"
    )
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=full, check=False)
    assert done.returncode == 2


def test_every_character_is_written_at_once(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as file:
        log = ForgivingLog(file.fileno())
        assert log.write("café \udce9\n") == 7
        print("more", file=log)
        assert (tmp_path / "log").read_text(encoding="utf-8") == "café \\udce9\nmore\n"

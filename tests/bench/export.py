"""What an export of all formats with all checks costs: SqueezeNet on ``clipart``, in wall and in CPU seconds.

``python tests/bench/export.py [--formats NAMES]`` fine-tunes for one epoch, exports on two threads, and prints a line.
CPU seconds over the number of cores are what it takes where nothing else runs.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


def main() -> None:
    """Train, export in this process and the ones that it starts, and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--formats", default="every")
    chosen = parser.parse_args().formats
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TLVIZ_HOME"] = folder
        os.environ["PYTHONPATH"] = str(ROOT)
        _measure(chosen, Path(folder))


def _measure(chosen: str, folder: Path) -> None:
    from tlviz.cores import usable_cores
    from tlviz.export.files.table import parse_formats
    from tlviz.finetune.config import configure
    from tlviz.jobs.export import execute
    from tlviz.jobs.job import Job
    from tlviz.runs.launch import start_finetune
    from tlviz.runs.store.folder import create_run

    run = start_finetune(configure("squeezenet1_1", "clipart", "head_only", epochs=1))
    while not run.status().is_over:
        time.sleep(0.2)
    formats = parse_formats(chosen)
    settings = {"run": run.name, "to": str(folder / "out"), "formats": formats, "weights": "best"}
    begun, before = time.perf_counter(), _cpu_s()
    told = execute(Job(create_run("export", "bench", {})), settings | {"zip": True, "check": True})
    wall, cpu, cores = time.perf_counter() - begun, _cpu_s() - before, usable_cores()
    status = {name: str(check["status"]) for name, check in told["checks"].items()}
    print(f"{len(formats)} formats, {wall:.0f} s, {cpu:.0f} CPU s, {cpu / cores:.0f} s on {cores} idle cores: {status}")


def _cpu_s() -> float:
    """Return the CPU seconds of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()

"""What a run asks of the file system: files opened for writing, renamed and removed in its folder.

``python -m tests.bench.files_of_a_run`` trains twice, with 10 and with 30 epochs, and prints the difference.
"""

from __future__ import annotations

import collections
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def counted(epochs: int, folder: Path) -> tuple[dict[str, int], float]:
    """Execute a run in this process and count what it does in its folder; return that and its seconds."""
    from tlviz.finetune.config import configure
    from tlviz.runs.store.folder import create_run
    from tlviz.worker import main

    values = {"epochs": epochs, "patience": 1000, "image_size": 64, "batch_size": 8, "threads": 1}
    run = create_run("finetune", "counted", configure("squeezenet1_1", str(folder), "full", **values).to_json())
    counts: collections.Counter[str] = collections.Counter()
    begun = time.perf_counter()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("open", "os.rename", "os.remove"):
            return
        if not str(arguments[0]).startswith(str(run.path)):
            return
        is_written = event != "open" or (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR))
        own = "heartbeat" in str(arguments[0])
        counts[f"{'heartbeat ' if own else ''}{event if is_written else 'read'}"] += 1

    HOOKS[:] = [hook]
    main(str(run.path))
    HOOKS.clear()
    return dict(counts), time.perf_counter() - begun


HOOKS: list[Any] = []


def dispatch(event: str, arguments: tuple[Any, ...]) -> None:
    """Hand an event of Python on; a hook of Python's can never be taken away again."""
    for hook in HOOKS:
        hook(event, arguments)


if __name__ == "__main__":
    from tests.workers import two_colours

    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as pictures:
        os.environ["TLVIZ_HOME"] = home
        target = two_colours(Path(pictures), 8)
        sys.addaudithook(dispatch)
        few, few_s = counted(10, target)
        many, many_s = counted(30, target)
    print("10 epochs:", f"{few_s:.1f} s", few)
    print("30 epochs:", f"{many_s:.1f} s", many)
    names = [name for name in sorted(many) if "beat" not in name]
    print("an epoch:", {name: (many[name] - few.get(name, 0)) / 20 for name in names})

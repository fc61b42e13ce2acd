"""A process that has imported what a worker needs, and forks one worker for each line it is given.

A line holds a home, a run folder, and '' or an error number and how many times the disk still answers before it.
The exit status of the worker is printed.
"""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from pathlib import Path

from tlviz import vision
from tlviz.jobs.log import use_forgiving_logs
from tlviz.worker import main

for name in ("tlviz.jobs.finetune", "tensorboardX", "torch.fx", "sympy"):
    import_module(name)  # each worker would else take seconds for it
vision.torchvision()


def break_disk(number: int, after: int) -> None:
    """Let every file fail that is brought to the disk from some moment on; a quota lets one be changed in place."""
    answers, left = os.fsync, [after]

    def fsync(descriptor: int) -> None:
        left[0] -= 1
        is_in_place = Path(f"/proc/self/fd/{descriptor}").readlink().name == ".ballast"
        if left[0] < 0 and not (is_in_place and number in {errno.EDQUOT, errno.ENOSPC}):
            raise OSError(number, os.strerror(number))
        answers(descriptor)

    os.fsync = fsync


def work(home: str, run: str, trouble: str) -> int:
    os.environ["TLVIZ_HOME"] = home
    log = os.open(Path(run) / "log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    use_forgiving_logs()
    if trouble:
        number, after = map(int, trouble.split(","))
        break_disk(number, after)
    return main(run)


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        status = 99
        try:
            status = work(*line.rstrip("\n").split("\t"))
        finally:
            os._exit(status)
    sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
    sys.stdout.flush()

"""What every hostile input is checked for: one sentence or success, within time and memory, at home, without code."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tlviz.errors import TlvizError

MOST_S = 10.0
MOST_BYTES = 2**30
LONGEST_WORDS = 2_000
_CODE = {
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "subprocess.Popen",
    "pickle.find_class",
    "socket.connect",
}
_CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _Watch:
    """Notes what this process does while it is on: Python tells every audit hook, and none can be taken away again."""

    def __init__(self) -> None:
        self.homes: tuple[str, ...] = ()
        self.met: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.homes:
            return
        if event in _CODE:
            self.met.append(f"{event} {arguments!r:.200}")
        elif event in _CHANGES or (event == "open" and _is_writing(arguments)):
            changed = arguments[:2] if event in {"os.rename", "os.link", "os.symlink"} else arguments[:1]
            inside = arguments[-1] if event != "open" else None  # of a folder that is open already
            self.met += [f"{event} {path!r:.200}" for path in changed if self._is_outside(path, inside)]

    def _is_outside(self, path: Any, inside: Any) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        name = os.fsdecode(path)
        if not Path(name).is_absolute() and isinstance(inside, int) and inside >= 0:
            return False
        name = os.path.normpath(Path.cwd() / name)
        return name != os.devnull and not name.startswith(self.homes)


def _is_writing(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    return any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITING)


_WATCH = _Watch()


@contextmanager
def survives(seed: int, *homes: Path) -> Iterator[None]:
    """Check that a block ends well or in a ``TlvizError`` of one sentence, within the budget.

    Nothing may be changed outside ``homes``, and no code may be run: no process, no pickle, no connection.
    """
    begun, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _WATCH.met.clear()
    _WATCH.homes = tuple(str(home) for home in homes)
    try:
        yield
    except TlvizError as error:
        words = str(error)
        assert words, f"seed {seed}: an error without words"
        assert "\n" not in words, f"seed {seed}: several lines of an error"
        assert len(words) < LONGEST_WORDS, f"seed {seed}: {len(words):,} characters of an error"
    except BaseException as error:
        error.add_note(f"seed {seed}")
        raise
    finally:
        _WATCH.homes = ()
    assert not _WATCH.met, f"seed {seed}: {_WATCH.met[:3]}"
    assert time.process_time() - begun < MOST_S, f"seed {seed}: {time.process_time() - begun:.1f} s"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < MOST_BYTES, f"seed {seed}: {grown / 2**20:,.0f} MB"

"""How the program is started from a terminal, so that messages name commands that work where they are read."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

SCRIPT = "tlviz"
MODULE = "python -m tlviz"


def program() -> str:
    """Return ``tlviz`` where that script started this or is the one on PATH, otherwise ``python -m tlviz``."""
    if Path(sys.argv[0] if sys.argv else "").stem == SCRIPT:
        return SCRIPT
    found = shutil.which(SCRIPT)
    return SCRIPT if found and Path(found).parent == Path(sys.executable).parent else MODULE


def command(words: str) -> str:
    """Return what a person types for one of the program's commands, such as ``models download resnet50``."""
    return f"{program()} {words}"

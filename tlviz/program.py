"""How the program is started: from a terminal, so that messages name commands that work, and for a projector."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

SCRIPT = "tlviz"
MODULE = "python -m tlviz"
PROJECTOR = "TLVIZ_PROJECTOR"
"""The environment variable that ``tlviz app --projector`` sets."""


def program() -> str:
    """Return ``tlviz`` where that script started this or is the one on PATH, otherwise ``python -m tlviz``."""
    if Path(sys.argv[0] if sys.argv else "").stem == SCRIPT:
        return SCRIPT
    found = shutil.which(SCRIPT)
    return SCRIPT if found and Path(found).parent == Path(sys.executable).parent else MODULE


def command(words: str) -> str:
    """Return what a person types for one of the program's commands, such as ``models download resnet50``."""
    return f"{program()} {words}"


def is_for_projector() -> bool:
    """Return whether type and marks shall be larger, for a room that looks at a screen from afar."""
    return os.environ.get(PROJECTOR, "").strip().lower() in {"1", "true", "yes", "on"}

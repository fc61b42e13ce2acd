"""Which run a person means: by its folder's name, its own name, a unique beginning of either, ``last``, or a path."""

from __future__ import annotations

from tlviz.errors import TlvizError, UnknownNameError
from tlviz.program import command
from tlviz.runs.overview import RunRow, overview
from tlviz.runs.store.folder import RunFolder, find_run
from tlviz.runs.store.kinds import FINETUNE, RACE

LAST = "last"
"""The newest fine-tuning run."""
LISTED = 4
"""An ambiguous name lists this many runs."""


class RunNameError(TlvizError):
    """A name that fits several runs, or ``last`` where there is none."""


def named_run(name: str) -> RunFolder:
    """Return the run that a person names.

    Raises ``RunNameError`` where several fit, and ``UnknownNameError`` where none does.
    """
    if name == LAST:
        return _last()
    try:
        return find_run(name)
    except UnknownNameError:
        known = [row for row in overview(None) if row.kind in (FINETUNE, RACE)]
        fitting = _fitting(name, known) if name else []
        if not fitting:
            raise
    if len(fitting) > 1:
        listed = ", ".join(row.run for row in fitting[:LISTED])
        more = f" and {len(fitting) - LISTED} more" if len(fitting) > LISTED else ""
        raise RunNameError(f"'{name}' fits {len(fitting)} runs: {listed}{more}; give more of the name.")
    return fitting[0].folder


def _last() -> RunFolder:
    for row in overview(FINETUNE):
        return row.folder
    raise RunNameError(f"There is no fine-tuning run yet; start one with: {command('finetune --data photos')}.")


def _fitting(name: str, rows: list[RunRow]) -> list[RunRow]:
    """Return the runs whose own name it is, or else those of which it is a beginning; newest first."""
    wanted = name.casefold()
    own = [row for row in rows if row.notes.name.casefold() == wanted]
    return own or [row for row in rows if any(text.casefold().startswith(wanted) for text in (row.run, row.notes.name))]

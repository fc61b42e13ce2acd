"""How a target is read, on the command line: said before anything is made of it, with what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from tlviz.cli.help import WHAT
from tlviz.cli.output import tell
from tlviz.data.sources.part_names import PARTS
from tlviz.data.sources.reading import LeftOut
from tlviz.data.sources.target import Target

NAMED = 3
"""What is left out and named; the rest is counted."""

TargetOption = Annotated[
    str,
    typer.Option(
        "--data",
        help="The target: a name that `datasets` lists, a folder, an archive or a CSV file.",
        metavar="NAME",
        rich_help_panel=WHAT,
    ),
]


def tell_reading(target: Target) -> None:
    """Say on standard error how a target is read, and what is left out of it."""
    if target.reading.layout:
        tell(f"reading: {target.reading.in_words()}")
    if target.left_out:
        tell(left_out_in_words(target.left_out))


def reading_facts(target: Target) -> dict[str, Any]:
    """Return how a target is read, as ``--json`` prints it: ``parts`` gives the pictures of each, '' those of none."""
    counts = Counter(target.parts)
    return target.reading.to_json() | {
        "parts": {part: counts[part] for part in (*PARTS, "") if counts[part]} if set(counts) != {""} else {},
        "left_out": [asdict(left) for left in target.left_out],
        "questions": [
            {"question": one.sentence, "option": f"--{one.option.replace('_', '-')}", "choices": one.choices}
            for one in target.reading.questions
        ],
    }


def reading_lines(target: Target) -> list[str]:
    """Say how a target is read, what is left out, and what is not certain: a line each."""
    parts = ", ".join(f"{count:,} {part or 'in none'}" for part, count in reading_facts(target)["parts"].items())
    lines = [f"reading: {target.reading.in_words()}"] if target.reading.layout else []
    lines += [f"parts: {parts}"] if parts else []
    lines += [left_out_in_words(target.left_out)] if target.left_out else []
    return [*lines, *(f"question: {one.sentence}: say {one.settled_by}" for one in target.reading.questions)]


def left_out_in_words(left_out: Sequence[LeftOut]) -> str:
    """Say how much is left out, and name the first of it."""
    named = "; ".join(f"{left.path} ({left.reason})" for left in left_out[:NAMED])
    more = f"; and {len(left_out) - NAMED:,} more" if len(left_out) > NAMED else ""
    what = "file or folder" if len(left_out) == 1 else "files or folders"
    return f"left out: {len(left_out):,} {what}: {named}{more}"

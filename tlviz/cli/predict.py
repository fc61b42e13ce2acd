"""New pictures through a run's network on the command line: CSV or one JSON object on standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tlviz.api.taking import name_pictures, none_named
from tlviz.cli.output import Json, print_result, tell
from tlviz.cli.runs import Run
from tlviz.runs.named import named_run

if TYPE_CHECKING:
    from tlviz.data.pixels.problem import Problem
    from tlviz.export.predict import Prediction

_NAMED = 10
_TELL_FROM = 200
"""Fewer pictures take too short for a progress."""


def predict_pictures(
    run: Run,
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, or folders; sub-folders are searched. Of a run on texts: text files, or "
            "sentences in quotes.",
            show_default=False,
        ),
    ],
    unlike: Annotated[
        bool, typer.Option(help="Also mark pictures unlike the training images, where these are on this machine.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Classify new pictures with a run's best weights, as CSV: class and probability; what is no picture is named."""
    from tlviz.export.predict import to_csv  # imports torch

    named = name_pictures(named_run(run), paths, unlike=unlike, progress=_tell)
    problems = named.problems
    notes = [f"{row.path}: {row.note}" for row in named.rows if row.note]
    _tell_first(len(problems), "left out", map(_in_words, problems))
    _tell_first(len(notes), "read with a note", notes)
    if not named.rows:
        raise none_named(named)
    if named.reason:
        tell(named.reason)
    if as_json:
        result = {"run": named.run, "classes": named.classes, "predictions": list(map(_row, named.rows))}
        result |= {"problems": [asdict(problem) for problem in problems]}
        result |= {
            "left_out": [{"path": one.path, "reason": one.problem.removeprefix(one.path).strip()} for one in problems]
        }
        print_result(result, as_json, "")
    else:
        sys.stdout.write(to_csv(named.rows).encode(errors="replace").decode())  # a name may be no text


def _tell_first(count: int, what: str, lines: Iterable[str]) -> None:
    """Say how many files something holds for, and name the first few."""
    if count:
        tell(f"{count:,} {'file' if count == 1 else 'files'} {what}:")
    for line in islice(lines, _NAMED):
        tell(f"  {line}")
    if count > _NAMED:
        tell(f"  and {count - _NAMED:,} more; --json names all")


def _in_words(problem: Problem) -> str:
    """Name the file once."""
    return problem.problem if problem.problem.startswith(problem.path) else f"{problem.path} {problem.problem}"


def _row(row: Prediction) -> dict[str, Any]:
    best = row.guesses[0]
    return {
        "path": row.path,
        "class": best.name,
        "probability": best.probability,
        "top": [{"class": guess.name, "probability": guess.probability} for guess in row.guesses],
        "unlike_training": row.is_unlike,
        "distance": row.distance,
        "note": row.note,
    }


def _tell(done: int, total: int) -> None:
    if total >= _TELL_FROM and (done == total or done % 320 == 0):
        tell(f"classified {done:,} of {total:,}")

"""*Show code* of the attributions page."""

from __future__ import annotations

from collections.abc import Sequence

from tlviz.api.snippets import Snippet, attribute_code
from tlviz.ui.attributions.answers import Subject, ask
from tlviz.ui.attributions.question import BEST, TRUE, Question
from tlviz.ui.before_after import TunedRun
from tlviz.ui.pick_picture import looked_at


def answer_code(question: Question, subject: Subject, runs: Sequence[TunedRun], data: str) -> Snippet:
    """Return the lines that ask the same question."""
    asked, classes = ask(question, subject), subject.network.classes
    return attribute_code(
        looked_at(subject.model, data, [run.name for run in runs]),
        question.method,
        class_name=_class(classes, asked.target),
        rather_than=_class(classes, asked.contrast),
        stage=question.stage or None,
        baseline=question.baseline,
        run_class=None if question.run_target in (BEST, TRUE) else question.run_target,
    )


def _class(classes: Sequence[str], number: int | None) -> str | int | None:
    """Name a class, by its number where several have its name."""
    if number is None or list(classes).count(classes[number]) > 1:
        return number
    return classes[number]

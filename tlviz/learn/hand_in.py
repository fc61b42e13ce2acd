"""The hand-in of a lesson: one page of HTML with the student's own charts and answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from tlviz.learn.dots import experiments_dots
from tlviz.learn.lesson import Lesson, Step
from tlviz.learn.paper import fill
from tlviz.learn.results import Table

WHO = "who"
"""The student's name among the answers."""


@dataclass(frozen=True, slots=True)
class Part:
    """A step of the hand-in: the question, what was answered, and the student's own chart, '' where there is none."""

    step: Step
    choice: str
    answer: str
    dots: str
    is_missing: bool


def choice_name(step: Step) -> str:
    """Return the name under which the choice of a step is kept."""
    return f"{step.name}-choice"


def hand_in_parts(lesson: Lesson, answers: Mapping[str, str], tables: Mapping[str, Table]) -> list[Part]:
    """Return the steps as they stand."""
    return [_part(step, answers, tables) for step in lesson.steps]


def _part(step: Step, answers: Mapping[str, str], tables: Mapping[str, Table]) -> Part:
    has_all = all(one.name in tables for one in step.experiments)
    has_any = any(one.name in tables for one in step.experiments)
    return Part(
        step=step,
        choice=answers.get(choice_name(step), ""),
        answer=answers.get(step.name, "").strip(),
        dots=experiments_dots(step.experiments, step.shows, tables) if has_any else "",
        is_missing=not has_all,
    )


def missing_parts(parts: list[Part]) -> list[str]:
    """Say in words what a hand-in still lacks."""
    lacks = [f"the answer to step {at}" for at, part in enumerate(parts, 1) if not (part.answer or part.choice)]
    return lacks + [f"the numbers of step {at}" for at, part in enumerate(parts, 1) if part.is_missing]


def hand_in_html(lesson: Lesson, answers: Mapping[str, str], tables: Mapping[str, Table]) -> str:
    """Return the hand-in; what is missing is said in its place."""
    subjects = dict.fromkeys(f"{one.model} on {one.data}" for one in lesson.experiments)
    return fill(
        "hand_in.html",
        lesson=lesson,
        parts=hand_in_parts(lesson, answers, tables),
        who=answers.get(WHO, "").strip(),
        subject=", ".join(subjects),
        written=time.strftime("%Y-%m-%d"),
    )

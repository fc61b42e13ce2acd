"""A card and numbers for tests."""

from __future__ import annotations

from typing import Any

from tlviz.learn.cards import Card, make_card
from tlviz.learn.results import Measured, Table

VALUES: dict[str, Any] = {
    "name": "made-up",
    "order": 1,
    "part": "Layer freezing",
    "title": "A title",
    "claim": "The head is enough.",
    "experiments": [
        {
            "name": "photos",
            "kind": "race",
            "data": "photos",
            "settings": {"image_size": 64, "epochs": 1},
            "runs": {"Head": {"strategy": "head_only"}, "All": {"strategy": "full"}},
            "seeds": [0, 1, 2],
        }
    ],
    "shows": ["val_accuracy"],
    "checks": [
        {"says": "The head is ahead.", "measure": "val_accuracy", "first": "Head", "second": "All", "at_least": 0}
    ],
    "look_at": "x",
    "fails_when": "y",
    "question": "Why?",
    "answer": "Because.",
    "links": [{"page": "race", "label": "Race", "query": {"target": "photos"}}],
    "words": ["head"],
}


def made_card(**changes: Any) -> Card:
    return make_card(VALUES | changes, "made.yaml")


def race_of(head: list[float], full: list[float]) -> Table:
    rows = {"Head": head, "All": full}
    return Table({"val_accuracy": {r: {str(s): v for s, v in enumerate(vs)} for r, vs in rows.items()}}, {})


def measured_of(table: Table, card: str = "made-up") -> Measured:
    plans = {experiment.name: experiment.plan() for experiment in made_card().experiments}
    return Measured(card, {"photos": table}, "tlviz learn measure", "0.0", "2026-01-01", "2 CPU cores", plans)

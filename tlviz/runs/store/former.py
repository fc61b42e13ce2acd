"""What earlier versions wrote into run folders under other names, read under the present ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlviz.finetune.config import SETTINGS
from tlviz.finetune.settings import former_names

FORMER_SETTINGS = former_names(SETTINGS)
FORMER_EVENTS = {"unfroze": "unfrozen"}


def present_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run, or of a race with those of its runs, under their present names."""
    present = {FORMER_SETTINGS.get(name, name): value for name, value in settings.items()}
    if isinstance(present.get("sweep"), str):
        present["sweep"] = FORMER_SETTINGS.get(present["sweep"], present["sweep"])
    if isinstance(present.get("members"), list):
        present["members"] = [
            present_settings(member) if isinstance(member, dict) else member for member in present["members"]
        ]
    return present


def present_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event under its present name."""
    name = event.get("event")
    return event | {"event": FORMER_EVENTS[name]} if name in FORMER_EVENTS else event

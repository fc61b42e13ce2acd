"""Settings of a cloned run for which the Fine-tune page has no field: kept, told, and forgotten on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from tlviz.finetune.settings import in_words
from tlviz.ui.messages import plain
from tlviz.ui.state import Key
from tlviz.ui.widgets.rows import words_and_buttons


@dataclass(frozen=True, slots=True)
class Carried:
    """Settings by their names in ``FinetuneConfig``, and the run they are from."""

    run: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def carry(run: str, settings: Mapping[str, Any]) -> None:
    """Keep settings of a run for the next ones; those of a run before are forgotten."""
    st.session_state[Key.CARRIED] = Carried(run, dict(settings))


def render_carried() -> dict[str, Any]:
    """Name the settings that were taken over without a field, with a button that forgets them, and return them."""
    carried: Carried | None = st.session_state.get(Key.CARRIED)
    if carried is None or not carried.settings:
        return {}
    named = ", ".join(f"{in_words(name)} {value}" for name, value in carried.settings.items())
    words, button = words_and_buttons()
    words.caption(plain(f"Also taken over from {carried.run}: {named}."))
    button.button("Forget", key="forget_carried", on_click=carry, args=(carried.run, {}), type="tertiary")
    return dict(carried.settings)

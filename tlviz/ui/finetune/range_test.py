"""Finding rates: a short test that leaves no trace, its curve, and the plan it suggests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import streamlit as st

from tlviz.errors import TlvizError
from tlviz.figures.rates import plot_range_test
from tlviz.figures.theme import chart_config
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.plan import backbone_beside
from tlviz.finetune.settings import in_words
from tlviz.models.spec import Stage
from tlviz.runs.advice.range_tests import other_settings
from tlviz.runs.failure import failure_of
from tlviz.runs.launch import start_range_test
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import RANGE_TEST
from tlviz.ui.finetune.form import rate_text
from tlviz.ui.messages import attempt, plain, show_error
from tlviz.ui.state import Key
from tlviz.ui.widgets.panels import render_job


def render_range_test(config: FinetuneConfig, stages: Sequence[Stage]) -> None:
    """Offer the test, show how far it is, and then what it found for the present source and target."""
    tests = _tests_of(config)
    running = next((run for run in tests if not run.status().is_over), None)
    if running is not None:
        render_job(running)
        return
    if st.button(
        "Find a head rate",
        icon=":material/search_insights:",
        help="Tries rates from 1e-7 to 10 on 100 batches with these settings, in the first phase where there are "
        "several. Nothing is kept but the curve.",
    ) and attempt(start_range_test, config):
        st.rerun()
    test = next((run for run in tests if run.events()), None)
    last = test.events()[-1] if test else {}
    if test and (failure := failure_of(test)):
        show_error(failure)
    elif test and last.get("phases"):
        differing = other_settings(tests[test], config, stages, with_backbone=last["with_backbone"])
        _found(last, config, differing)


def _found(last: Mapping[str, Any], config: FinetuneConfig, differing: Mapping[str, tuple[Any, Any]]) -> None:
    """Show the curve; offer its rates where it was found with the settings on the page, else say what differs."""
    st.plotly_chart(
        plot_range_test(last["rates"], last["losses"], last["suggested"]), key="range_test", config=chart_config()
    )
    where = ", in the first phase" if last["phases"] > 1 else ""
    if differing:
        st.caption(f"Found with other settings{where}: {plain(_in_words(differing))}.")
    elif last["suggested"] is None:
        st.caption(f"The loss never fell{where}, so no rate is suggested.")
    else:
        if last.get("why"):
            st.caption(plain(last["why"]))
        _suggest(last.get("advised") or last["suggested"], config, where, with_backbone=last["with_backbone"])


def _suggest(head_lr: float, config: FinetuneConfig, where: str, *, with_backbone: bool) -> None:
    """Offer the plan that was tested: the backbone's rate rose with the head's, or was not tested at all."""
    backbone_lr = backbone_beside(config, head_lr) if with_backbone else config.backbone_lr
    words = (
        f"The backbone's rate rose with the head's, so Use sets it to {rate_text(backbone_lr)}."
        if with_backbone
        else "The backbone was frozen, so its rate was not tested and stays."
    )
    st.caption(
        f"Smoothed training loss while the rate rises{where}; the mark is the middle of the longest fall. {words}"
    )
    rates = {Key.HEAD_LR: rate_text(head_lr)} | ({Key.BACKBONE_LR: rate_text(backbone_lr)} if with_backbone else {})
    st.button(f"Use {rates[Key.HEAD_LR]}", icon=":material/check:", on_click=_use, args=(rates,))


def _use(rates: Mapping[Key, str]) -> None:
    for key, rate in rates.items():
        st.session_state[key] = rate


def _tests_of(config: FinetuneConfig) -> dict[RunFolder, FinetuneConfig]:
    """Return the tests of the same network and target with the settings they had, newest first."""
    found = {}
    for run in list_runs(RANGE_TEST):
        with suppress(TlvizError):  # a damaged test suggests nothing
            tested = FinetuneConfig.from_json(run.config()["settings"])
            if (tested.model, tested.data) == (config.model, config.data):
                found[run] = tested
    return found


def _in_words(differing: Mapping[str, tuple[Any, Any]]) -> str:
    parts = (
        f"{in_words(name)} {_written(tested)} instead of {_written(present)}"
        for name, (tested, present) in differing.items()
    )
    return ", ".join(parts)


def _written(value: Any) -> str:
    if value is None:
        return "unset"
    return f"{value:.2g}" if isinstance(value, float) else str(value)

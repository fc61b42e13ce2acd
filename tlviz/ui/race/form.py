"""The controls of a race: what is tried, with how many seeds, and for how long."""

from __future__ import annotations

from typing import Any

import streamlit as st

from tlviz.api.snippets import race_code
from tlviz.data.images import ImageSet
from tlviz.data.sources.reading import need_answers
from tlviz.errors import BadSettingError, TlvizError
from tlviz.finetune.config import SETTINGS, FinetuneConfig
from tlviz.finetune.settings import Group, in_words
from tlviz.finetune.strategies import STRATEGIES
from tlviz.learn.words import define
from tlviz.models.catalogue import find_model
from tlviz.models.spec import Stage
from tlviz.runs.launch import start_race
from tlviz.runs.launchers.resources import LOCAL, Resources
from tlviz.runs.paired_runs import SEEDS_FOR_PAIRS
from tlviz.runs.races.plan import COURSE, STRATEGY, SWEEPS, parse_values, plan_race
from tlviz.runs.startable import check_startable
from tlviz.ui.finetune.more import IMAGE_SIZES
from tlviz.ui.messages import attempt, show_error
from tlviz.ui.state import Key
from tlviz.ui.widgets.launcher import render_launcher
from tlviz.ui.widgets.settings import draw
from tlviz.ui.widgets.show_code import render_code

STRATEGIES_WORD, SETTING_WORD = "strategies", "one setting"
FIRST_SWEEP = "backbone_lr"
SHOWN_FIRST = ("model", "data", STRATEGY, "epochs", "image_size")


def render_form(model: str, images: ImageSet, stages: tuple[Stage, ...]) -> None:
    """Draw the controls and the button that starts the race; a mistake is one sentence and nothing starts."""
    what = st.segmented_control(
        "Race", [STRATEGIES_WORD, SETTING_WORD], default=STRATEGIES_WORD, required=True, key="race_what",
        persist_state="session", label_visibility="collapsed", help="What differs between the runs; all else is equal.",
    )  # fmt: skip
    plan: tuple[str, tuple[FinetuneConfig, ...]] | None = None
    halving, resources = False, Resources()
    try:
        sweep, values, strategy = _strategies() if what == STRATEGIES_WORD else _setting()
        base, seeds, halving = _budget(model)
        base |= {"model": model, "data": images.name} | ({STRATEGY: strategy} if strategy else {})
        resources = render_launcher("race")
        need_answers(images.reading)
        configs = plan_race(base, sweep, values, seeds)
        check_startable(*configs, stages=stages)
        plan = sweep, configs
    except TlvizError as error:
        show_error(error)
    button, words = st.columns([1, 3], vertical_alignment="center")
    is_wanted = button.button("Start the race", type="primary", icon=":material/flag:", disabled=plan is None)
    if is_wanted and plan and attempt(_start, *plan, halving, resources):
        st.rerun()
    if plan:
        how = "one after another" if resources.launcher == LOCAL else f"{resources.array_size} at a time"
        words.caption(f"{len(plan[1])} runs, {how}, on equal splits, epochs and augmentation.")
        render_code(race_code(plan[1], plan[0], halving=halving))


def _start(sweep: str, configs: tuple[FinetuneConfig, ...], halving: bool, resources: Resources) -> None:
    st.session_state[Key.RACE] = start_race(configs, sweep, halving=halving, resources=resources).name


def _strategies() -> tuple[str, tuple[Any, ...], str | None]:
    chosen = st.pills(
        "Strategies",
        list(STRATEGIES),
        selection_mode="multi",
        default=list(COURSE),
        format_func=lambda name: STRATEGIES[name].title,
        key="race_strategies",
        persist_state="session",
        label_visibility="collapsed",
    )
    return STRATEGY, tuple(chosen), None


def _setting() -> tuple[str, tuple[Any, ...], str | None]:
    left, middle, right = st.columns([1, 1.4, 1])
    options = [name for name in SWEEPS if name != STRATEGY]
    sweep = left.selectbox(
        "Setting", options, index=options.index(FIRST_SWEEP), format_func=in_words, key="race_sweep",
        persist_state="session",
    )  # fmt: skip
    text = middle.text_input(
        "Values", SWEEPS[sweep].sweep or "", key=f"race_values_{sweep}", persist_state="session",
        help="Separated by commas.",
    )  # fmt: skip
    strategy = right.selectbox(
        "Strategy", list(STRATEGIES), index=list(STRATEGIES).index("full"), key="race_strategy",
        format_func=lambda name: STRATEGIES[name].title, persist_state="session",
        help=define("strategy", "The same for all runs."),
    )  # fmt: skip
    if not text.strip():
        raise BadSettingError(f"Write the values of {in_words(sweep)} to try, separated by commas.")
    return sweep, parse_values(sweep, text.split(",")), strategy


def _budget(model: str) -> tuple[dict[str, Any], tuple[int, ...], bool]:
    """Draw seeds, epochs and size, and the rest folded away; return settings, seeds and whether losers are dropped."""
    spec = find_model(model)
    seeds, epochs, size = st.columns(3)
    count = seeds.number_input(
        "Seeds", value=SEEDS_FOR_PAIRS, min_value=1, max_value=20, step=1, key="race_seeds", persist_state="session",
        help=define("seed", "Each draws a split and a head of its own; three or more tell a difference from luck."),
    )  # fmt: skip
    base: dict[str, Any] = {"epochs": draw(SETTINGS["epochs"], epochs, key="race_epochs")}
    sizes = sorted({spec.preprocessing.size, *(side for side in IMAGE_SIZES if spec.takes(side))})
    row = SETTINGS["image_size"]
    base[row.name] = size.selectbox(
        row.label, sizes, index=sizes.index(128) if 128 in sizes else len(sizes) - 1, key="race_size",
        persist_state="session", help=row.help,
    )  # fmt: skip
    with st.expander("More"):
        for row in SETTINGS.values():
            if row.in_race and row.name not in SHOWN_FIRST and row.group is not Group.TARGET:
                base[row.name] = draw(row, key=f"race_{row.name}")
        halving = st.toggle(
            "Drop losers early", key="race_halving", persist_state="session",
            help="After a third and two thirds of the epochs, runs more than one standard error below the median stop. "
            "That saves time and is no proof: of equally good ones, some are dropped in a third to a half of races. "
            "Strategies that begin with the head alone may be dropped too soon.",
        )  # fmt: skip
    return base, tuple(range(int(count))), halving

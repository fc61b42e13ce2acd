"""What the strip tells the browser, and what it does with what comes back."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tlviz.models.spec import Stage
from tlviz.ui.widgets.stage_strip import (
    Lane,
    Mark,
    StripChoice,
    block_heights,
    block_widths,
    clamp_freeze,
    describe_depth,
    describe_head,
    lane_data,
    stage_facts,
    strip_data,
)


def stage(name: str = "fire5", share: float = 0.12, channels: int = 256, reduction: int = 16) -> Stage:
    return Stage(name, (name,), 49_440, channels, reduction, share)


STAGES = (stage("stem", 0.2, 64), stage("fire2", 0.3, 128), stage("fire3", 0.4, 256), stage("head", 0.1, 10))


def data(selected: str | None = None, freeze: int | None = None, **modes: bool) -> dict[str, Any]:
    return strip_data(STAGES, StripChoice(selected, freeze), **{"selectable": False, "settable": False, **modes})


def test_facts_in_words() -> None:
    assert stage_facts(stage()) == [
        "49,440 parameters",
        "256 channels",
        "1/16 of the picture's side",
        "12 % of the compute",
    ]


@pytest.mark.parametrize(
    ("share", "words"), [(0.0, "under 1 %"), (0.004, "under 1 %"), (0.01, "1 %"), (0.125, "12 %"), (1.0, "100 %")]
)
def test_share_of_the_compute_in_words(share: float, words: str) -> None:
    assert stage_facts(stage(share=share))[-1] == f"{words} of the compute"


def test_resolution_is_left_out_where_there_is_none() -> None:
    assert not any("side" in fact for fact in stage_facts(stage(reduction=224)))
    assert "the picture's full side" in stage_facts(stage(reduction=1))


def test_widths_are_shares_of_the_compute_where_all_are_wide() -> None:
    assert block_widths(STAGES) == pytest.approx([0.2, 0.3, 0.4, 0.1])


def test_narrow_stages_get_the_least_width_and_the_others_keep_their_proportions() -> None:
    widths = block_widths([stage(share=0.0), stage(share=0.6), stage(share=0.39), stage(share=0.01)])
    assert widths[0] == widths[3] == 0.055
    assert widths[1] / widths[2] == pytest.approx(0.6 / 0.39)
    assert sum(widths) == pytest.approx(1)


@pytest.mark.parametrize("count", [1, 2, 12, 16, 60])
def test_every_block_can_be_clicked(count: int) -> None:
    skewed = block_widths([stage(share=1.0), *(stage(share=0.0) for _ in range(count - 1))])
    assert sum(skewed) == pytest.approx(1)
    assert min(skewed) >= min(0.055, 0.7 / count) - 1e-12


def test_widths_without_any_compute_are_equal() -> None:
    assert block_widths([stage(share=0.0)] * 4) == [0.25] * 4
    assert block_widths([]) == []


def test_heights_grow_with_the_logarithm_of_channels() -> None:
    heights = block_heights([stage(channels=channels) for channels in (3, 16, 64, 256, 5)])
    assert heights == pytest.approx([0.3, 0.3, 0.65, 1.0, 0.3])


def test_the_head_does_not_shrink_the_backbone() -> None:
    assert block_heights([stage(channels=64), stage(channels=1000)]) == [1.0, 1.0]
    assert block_heights([stage(channels=4), stage(channels=8)]) == [1.0, 1.0]


@pytest.mark.parametrize(("freeze", "drawn"), [(None, None), (-1, 0), (0, 0), (3, 3), (4, 3), (99, 3)])
def test_the_head_is_never_frozen(freeze: int | None, drawn: int | None) -> None:
    assert clamp_freeze(freeze, 4) == drawn


def test_depth_in_words() -> None:
    assert describe_depth(STAGES, 0) == "none of 4 stages frozen"
    assert describe_depth(STAGES, 2) == "2 of 4 stages frozen, up to fire2"
    assert data(freeze=1)["depths"] == [describe_depth(STAGES, depth) for depth in range(4)]


def test_a_set_chosen_by_name_is_drawn_stage_by_stage() -> None:
    drawn = strip_data(STAGES, StripChoice(None, 1, ("stem", "fire3")), selectable=False, settable=True)
    assert (drawn["frozen"], drawn["freeze"]) == ([True, False, True, False], 1)
    assert data(freeze=2)["frozen"] is None


def test_payload_of_a_plain_picture() -> None:
    plain = data()
    assert [drawn["name"] for drawn in plain["stages"]] == ["stem", "fire2", "fire3", "head"]
    assert (plain["freeze"], plain["selected"], plain["selectable"], plain["settable"]) == (None, None, False, False)


def test_a_depth_can_be_set_only_where_one_is_drawn() -> None:
    assert data(freeze=2, settable=True)["settable"]
    assert not data(settable=True)["settable"]


def page() -> None:
    from functools import partial
    from operator import setitem

    import streamlit as st

    from tlviz.models.spec import Stage
    from tlviz.ui.widgets.stage_strip import render_stage_strip

    stages = [Stage(name, (name,), 10, 64, 4, 0.25) for name in ("stem", "one", "two", "head")]
    st.session_state.setdefault("freeze", 9)
    choice = render_stage_strip(
        stages,
        key="strip",
        selected="of another network",
        freeze=st.session_state.freeze,
        on_freeze=partial(setitem, st.session_state, "freeze"),
        on_select=partial(setitem, st.session_state, "stage"),
    )
    st.text(f"{choice.stage} {choice.freeze}")


@pytest.mark.parametrize("app", range(2))  # the module is imported once, every app has a runtime of its own
def test_strip_mounts_in_every_app_and_follows_its_caller(app: int) -> None:
    run = AppTest.from_function(page, default_timeout=60).run()
    assert not run.exception
    assert run.text[0].value == "None 3"
    run.session_state.freeze = 1
    assert run.run().text[0].value == "None 1"


def test_a_lane_holds_heights_on_its_scale_and_leaves_out_depths_that_are_not_there() -> None:
    probes = [Mark(1, 0.5, "half"), Mark(4, 0.7, "beyond"), Mark(-1, 0.7, "before")]
    lane = lane_data(Lane(0.4, 0.8, probes, [Mark(0, 0.9, "above the scale")]), 4)
    assert lane == {
        "low": "40 %",
        "high": "80 %",
        "probes": [{"depth": 1, "height": 0.25, "words": "half"}],
        "runs": [{"depth": 0, "height": 1.0, "words": "above the scale"}],
    }


def test_without_marks_there_is_no_lane() -> None:
    assert lane_data(None, 4) is None
    assert lane_data(Lane(0.0, 1.0), 4) is None


@pytest.mark.parametrize(
    ("share", "classes", "size", "cost", "answers"),
    [
        (0.4, 1000, "wide", "40 %", "the source's 1,000 classes"),
        (0.1, 10, "small", "10 %", "the source's 10 classes"),
        (0.001, 0, "thin", "under 1 %", "the source's own answers"),
    ],
)
def test_the_head_in_words(share: float, classes: int, size: str, cost: str, answers: str) -> None:
    rest = (stage("stem", (1 - share) / 2), stage("fire2", (1 - share) / 2))
    assert describe_head((*rest, stage("head", share)), classes) == (
        f"The {size} grey block at the end is the head ({cost} of the compute): it turns features into {answers}, and "
        "a new one takes its place for your target."
    )

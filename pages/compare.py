"""Compare: what changed, down to the single image?"""

import streamlit as st

from tlviz.api.snippets import compare_code
from tlviz.runs.beside import side_standings
from tlviz.runs.overview import overview
from tlviz.runs.races.standings import Standing
from tlviz.runs.sides import Side
from tlviz.ui.address import from_address, to_address
from tlviz.ui.cached.runs import curve_reader
from tlviz.ui.compare.errors import answers_of, render_errors
from tlviz.ui.compare.pick_runs import compared_sides, one_of_each, pick_runs, render_heads, render_verdict
from tlviz.ui.compare.views import render_calibration, render_cost, render_curves, render_moved, render_settings
from tlviz.ui.frame import guarded, page_title
from tlviz.ui.runs.open_inside import link_to_feature_maps
from tlviz.ui.runs.report_button import render_report
from tlviz.ui.state import Key
from tlviz.ui.widgets.invite import render_invite
from tlviz.ui.widgets.show_code import render_code

SETTINGS, CURVES, ERRORS, CALIBRATION, MOVED, COST = (
    "Settings that differ", "Curves", "Errors", "Calibration", "What moved", "Cost",
)  # fmt: skip
VIEWS = (SETTINGS, CURVES, ERRORS, CALIBRATION, MOVED, COST)


def page() -> None:
    page_title("Compare")
    rows = [row for row in overview() if row.status.is_over and row.best_val_accuracy is not None]
    if not rows:
        render_invite(
            "No run has ended yet. A race trains several strategies, which are then compared here.",
            "Race strategies", "pages/race.py", ":material/compare_arrows:", key="to_race",
        )  # fmt: skip
        return
    chosen = pick_runs(rows)
    if not chosen:
        st.info("Choose runs above.", icon=":material/touch_app:")
        return
    found = compared_sides(chosen)
    ranked = side_standings(found, curve_reader())
    render_heads(found, ranked)
    render_verdict(found, ranked)
    from_address(Key.COMPARE_VIEW, VIEWS, CURVES)
    st.segmented_control(
        "View", VIEWS, key=Key.COMPARE_VIEW, required=True, persist_state="session", label_visibility="collapsed"
    )
    to_address(Key.COMPARE_VIEW)
    _view(str(st.session_state[Key.COMPARE_VIEW]), found, ranked)
    with st.container(horizontal=True, vertical_alignment="center"):
        render_report(chosen)
        link_to_feature_maps([side.runs[0] for side in found], key="compare_feature_maps")
    render_code(compare_code([run.run for side in found for run in side.runs]))


def _view(view: str, found: list[Side], ranked: list[Standing]) -> None:
    if view == SETTINGS:
        render_settings(found)
    elif view == MOVED:
        render_moved(found)
    elif view == COST:
        render_cost(found, ranked)
    elif view in (ERRORS, CALIBRATION):
        runs = one_of_each(found)
        answers = answers_of(runs)
        if answers and view == ERRORS:
            render_errors(runs, answers)
        elif answers:
            render_calibration(runs, answers)
    else:
        render_curves(found)


guarded(page)

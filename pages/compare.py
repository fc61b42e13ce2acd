"""Compare: what changed, down to the single image?"""

import streamlit as st

from tlviz.runs.overview import RunRow, overview
from tlviz.runs.summary import summarise
from tlviz.ui.address import from_address, to_address
from tlviz.ui.compare.errors import answers_of, render_errors
from tlviz.ui.compare.pick_runs import ComparedRun, lettered, pick_runs, render_heads
from tlviz.ui.compare.views import render_calibration, render_cost, render_curves, render_moved, render_settings
from tlviz.ui.frame import guarded, page_title
from tlviz.ui.runs.open_inside import link_to_feature_maps
from tlviz.ui.runs.report_button import render_report
from tlviz.ui.state import Key

SETTINGS, CURVES, ERRORS, CALIBRATION, MOVED, COST = (
    "Settings that differ", "Curves", "Errors", "Calibration", "What moved", "Cost",
)  # fmt: skip
VIEWS = (SETTINGS, CURVES, ERRORS, CALIBRATION, MOVED, COST)


def page() -> None:
    page_title("Compare")
    rows = [row for row in overview() if row.status.is_over and row.best_val_accuracy is not None]
    if not rows:
        st.info("No run has ended yet. Start one on the Fine-tune page.", icon=":material/compare_arrows:")
        st.page_link("pages/finetune.py", label="Fine-tune", icon=":material/model_training:")
        return
    chosen = pick_runs(rows)
    if not chosen:
        st.info("Choose up to four runs above.", icon=":material/touch_app:")
        return
    runs = _compared(chosen)
    render_heads(runs)
    from_address(Key.COMPARE_VIEW, VIEWS, CURVES)
    st.segmented_control(
        "View", VIEWS, key=Key.COMPARE_VIEW, required=True, persist_state="session", label_visibility="collapsed"
    )
    to_address(Key.COMPARE_VIEW)
    _view(str(st.session_state[Key.COMPARE_VIEW]), runs)
    with st.container(horizontal=True, vertical_alignment="center"):
        render_report(chosen)
        link_to_feature_maps([run.summary for run in runs], key="compare_feature_maps")


def _compared(rows: list[RunRow]) -> list[ComparedRun]:
    return lettered(rows, [summarise(row.folder) for row in rows])


def _view(view: str, runs: list[ComparedRun]) -> None:
    if view == SETTINGS:
        render_settings(runs)
    elif view == MOVED:
        render_moved(runs)
    elif view == COST:
        render_cost(runs)
    elif view in (ERRORS, CALIBRATION):
        answers = answers_of(runs)
        if answers and view == ERRORS:
            render_errors(runs, answers)
        elif answers:
            render_calibration(runs, answers)
    else:
        render_curves(runs)


guarded(page)

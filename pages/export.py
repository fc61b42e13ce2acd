"""Export: is it ready to use elsewhere?"""

import streamlit as st

from tlviz.medium import WORDS, retold
from tlviz.models.imported import medium_of_weights
from tlviz.runs.overview import RunRow, overview
from tlviz.runs.run_verdict import best_like, run_verdict
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import summarise
from tlviz.ui.cached import networks
from tlviz.ui.export.cards import render_cards
from tlviz.ui.export.make import render_make
from tlviz.ui.export.past import last_export, result_of
from tlviz.ui.export.report import render_end
from tlviz.ui.export.use import render_use
from tlviz.ui.frame import guarded, page_title
from tlviz.ui.messages import strong_words
from tlviz.ui.state import Key
from tlviz.ui.widgets.invite import render_invite
from tlviz.ui.widgets.panels import pick_run, render_job
from tlviz.ui.widgets.show_code import render_code


def page() -> None:
    page_title("Export")
    runs = [run for run in list_runs(FINETUNE) if run.weights.exists()]
    if not runs:
        render_invite(
            "No run has saved weights yet. Train one, and it is exported and checked here.",
            "Fine-tune", "pages/finetune.py", ":material/download:", key="to_finetune",
        )  # fmt: skip
        return
    rows = overview()
    run = pick_run(runs, key=Key.RUN, default=_best_of(runs, rows))
    summary = summarise(run)
    weights, training = networks.bundle(run.name)
    medium = medium_of_weights(run)
    told = strong_words(lambda strong: run_verdict(summary, rows, strong))
    st.markdown(retold(told, medium) or f"Validation accuracy **{training['val_accuracy']:.1%}**.")
    if not summary.status.is_over:
        st.caption("The run is still training: this is its best epoch so far.")
    job = last_export(run)
    is_busy = job is not None and not job.status().is_over
    result = result_of(job)
    if job is not None and is_busy:
        render_job(job)
    above = st.container()
    chosen = render_cards(run, result)
    with above:
        code = render_make(run, chosen, training["epoch"], weights, is_busy=is_busy)
        if job is not None and not is_busy:
            render_end(job, result, WORDS[medium].several)
    render_use(chosen, medium)
    render_code(code if chosen else None)


def _best_of(runs: list[RunFolder], rows: list[RunRow]) -> str:
    """Return the best run of the network and target of the newest one, of those that have weights."""
    names = {run.name for run in runs}
    held = [row for row in rows if row.run in names]
    newest = next((row for row in held if row.run == runs[0].name), None)
    return best_like(newest, held).run if newest else runs[0].name


guarded(page)

"""Export: is it ready to use elsewhere?"""

import streamlit as st

from tlviz.models.catalogue import find_model
from tlviz.runs.overview import RunRow, overview
from tlviz.runs.run_verdict import best_like, run_verdict
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import FINETUNE
from tlviz.runs.summary import RunSummary, summarise
from tlviz.ui.cached import networks
from tlviz.ui.cached import runs as cached_runs
from tlviz.ui.frame import guarded, page_title
from tlviz.ui.messages import strong_words
from tlviz.ui.state import Key
from tlviz.ui.widgets.panels import pick_run


def page() -> None:
    page_title("Export")
    runs = [run for run in list_runs(FINETUNE) if run.weights.exists()]
    if not runs:
        st.info("No run has saved weights yet. Start one on the Fine-tune page.", icon=":material/download:")
        st.page_link("pages/finetune.py", label="Fine-tune", icon=":material/model_training:")
        return
    rows = overview()
    run = pick_run(runs, key=Key.RUN, default=_best_of(runs, rows))
    summary = summarise(run)
    weights, training = networks.bundle(run.name)
    st.markdown(
        f"The best weights, of epoch **{training['epoch']}**, as one safetensors file of {len(weights) / 1e6:.1f} MB. "
        "Class names and preprocessing are inside, in its header."
    )
    told = strong_words(lambda strong: run_verdict(summary, rows, strong))
    st.markdown(told or f"Validation accuracy **{training['val_accuracy']:.1%}**.")
    if not summary.status.is_over:
        st.caption("The run is still training: this is its best epoch so far.")
    with st.container(horizontal=True):
        st.download_button(
            "Download",
            weights,
            file_name=f"{run.name}.safetensors",
            type="primary",
            icon=":material/download:",
            mime="application/octet-stream",
            on_click="ignore",
        )
        check = st.button(
            "Check the file",
            icon=":material/fact_check:",
            help="Reloads it and compares its predictions with the run's.",
        )
    if check:
        _check(run.name)
    st.header("Use it anywhere", anchor=False)
    st.markdown("The tensors have the names that the library uses, so tlviz is not needed to load them.")
    st.code(_snippet(summary, f"{run.name}.safetensors"), language="python", wrap_lines=True)


def _best_of(runs: list[RunFolder], rows: list[RunRow]) -> str:
    """Return the best run of the network and target of the newest one, of those that have weights."""
    names = {run.name for run in runs}
    held = [row for row in rows if row.run in names]
    newest = next((row for row in held if row.run == runs[0].name), None)
    return best_like(newest, held).run if newest else runs[0].name


def _check(name: str) -> None:
    """Reload the exported file and compare it with the run on the validation images."""
    bar = st.progress(0.0, "Reloading the file …")
    agreement = cached_runs.checked_export(
        name, lambda done, total: bar.progress(done / total, f"{done} of {total} images")
    )
    bar.empty()
    if agreement is None:
        st.warning("The run's images can no longer be found, so the file cannot be compared with the run.")
        return
    st.success(
        f"Reloaded and compared on the validation images: {agreement.top1_agreement:.0%} of the answers agree, "
        f"the largest difference of a logit is {agreement.max_logit_difference:g}.",
        icon=":material/check_circle:",
    )


def _snippet(summary: RunSummary, file: str) -> str:
    from tlviz.export.snippet import loading_snippet

    return loading_snippet(find_model(summary.model), file)


guarded(page)

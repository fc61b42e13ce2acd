"""The errors of compared runs: confusion matrices, F1 a class, and the single images that changed sides."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from tlviz.figures.compare import MOST_CLASSES, plot_confusion, plot_f1
from tlviz.figures.theme import chart_config
from tlviz.measures.calibration import softmax
from tlviz.measures.confusion import confusion_matrix, f1_scores, worst_classes
from tlviz.measures.paired import LEVEL
from tlviz.measures.sign_test import sign_test
from tlviz.runs.compare import Change, change
from tlviz.runs.failure import failure_of
from tlviz.runs.launch import start_answers
from tlviz.runs.predictions import VALIDATION, Answers, are_answered
from tlviz.runs.store.folder import RunFolder, find_run, list_runs
from tlviz.runs.store.kinds import ANSWERS
from tlviz.ui.cached import runs as cached_runs
from tlviz.ui.compare.maps import render_image
from tlviz.ui.compare.pick_runs import ComparedRun
from tlviz.ui.messages import plain, show_error
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.panels import render_job

MOST_ROWS = 200
_ROW_HEIGHT = 44
IMAGES, CONFUSION, F1 = "Single images", "Confusion", "F1 of each class"


def answers_of(runs: Sequence[ComparedRun]) -> list[Answers] | None:
    """Return every run's answers; where some are missing, offer to ask these runs again and return None."""
    found = [(run, cached_runs.answers(run.summary)) for run in runs]
    missing = [run for run, held in found if held is None]
    if not missing:
        return [held for _, held in found if held is not None]
    names = ", ".join(plain(run.name) for run in missing)
    st.markdown(f"The answers of {names} to each validation image were not kept. The best weights can answer again.")
    if st.button("Compute answers", type="primary", icon=":material/quiz:", key="ask_again"):
        for run in missing:
            start_answers(find_run(run.summary.folder), VALIDATION)
        st.rerun()
    for run in missing:
        _progress(run)
    return None


def _progress(run: ComparedRun) -> None:
    """Show how far a run is being asked, or why that failed."""
    job: RunFolder | None = next(
        (job for job in list_runs(ANSWERS) if job.config()["settings"].get("run") == run.summary.run), None
    )
    if job is None:
        return
    if not job.status().is_over:
        render_job(job)
    elif failure := failure_of(job):
        show_error(f"{run.name}: {failure}")


def render_errors(runs: Sequence[ComparedRun], answers: Sequence[Answers]) -> None:
    """Show one of three views: the images that changed sides, who is taken for whom, F1 class by class."""
    view = st.segmented_control(
        "Errors", [IMAGES, CONFUSION, F1], default=IMAGES, required=True, key="compare_errors",
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    if view == CONFUSION:
        _confusion(runs, answers)
    elif view == F1:
        _f1(runs, answers)
    else:
        _images(runs, answers)
    for run, held in zip(runs, answers, strict=True):
        if not are_answered(run.summary, held):
            st.caption(
                f"{plain(run.name)} answered again and is now right in {held.right.sum():,} of {len(held.labels):,} "
                "images, a slightly different number than it reported: the device or its pictures have changed."
            )


def _confusion(runs: Sequence[ComparedRun], answers: Sequence[Answers]) -> None:
    columns = st.columns(min(2, len(runs)))
    matrices = [confusion_matrix(held.labels, held.guesses, len(held.classes)) for held in answers]
    is_same = len({held.classes for held in answers}) == 1
    for at, (run, held) in enumerate(zip(runs, answers, strict=True)):
        shown = worst_classes(matrices if is_same else [matrices[at]], MOST_CLASSES)
        with columns[at % 2]:
            st.markdown(f"**{plain(run.name)}**: {held.right.sum():,} of {len(held.labels):,} right")
            st.plotly_chart(
                plot_confusion(matrices[at][np.ix_(shown, shown)], [held.classes[one] for one in shown], run.place),
                key=key_of("confusion", at), config=chart_config(),
            )  # fmt: skip
    st.caption(
        f"Rows are the true classes, columns the answers; the diagonal is correct.{_of_many(answers[0].classes)}"
    )


def _f1(runs: Sequence[ComparedRun], answers: Sequence[Answers]) -> None:
    if len({held.classes for held in answers}) > 1:
        st.info("These runs have different classes, so they cannot be compared class by class.", icon=":material/info:")
        return
    matrices = [confusion_matrix(held.labels, held.guesses, len(held.classes)) for held in answers]
    shown = worst_classes(matrices, MOST_CLASSES)
    scores = {run.name: f1_scores(matrix)[shown] for run, matrix in zip(runs, matrices, strict=True)}
    st.plotly_chart(
        plot_f1([answers[0].classes[one] for one in shown], scores, [run.place for run in runs]),
        key="compare_f1", config=chart_config(),
    )  # fmt: skip
    st.caption(
        f"F1 is the harmonic mean of a class's precision and recall: 1 means no errors.{_of_many(answers[0].classes)}"
    )


def _of_many(classes: Sequence[str]) -> str:
    few = len(classes) <= MOST_CLASSES
    return "" if few else f" Shown are the {MOST_CLASSES} of {len(classes):,} classes with the most errors."


def _images(runs: Sequence[ComparedRun], answers: Sequence[Answers]) -> None:
    """Compare two of the runs image by image."""
    by_letter = {run.letter: (run, held) for run, held in zip(runs, answers, strict=True)}
    letters = list(by_letter)
    left, right = st.columns(2)
    one = left.selectbox("From", letters, key="compare_from", format_func=lambda x: by_letter[x][0].name)
    other = right.selectbox(
        "To", letters, index=min(1, len(letters) - 1), key="compare_to", format_func=lambda x: by_letter[x][0].name
    )
    (first, said_first), (second, said_second) = by_letter[one], by_letter[other]
    if said_first.classes != said_second.classes:
        st.info("These two runs have different classes, so no image can be compared.", icon=":material/info:")
        return
    found = change(said_first, said_second)
    if not len(found.first):
        st.info(
            "No validation image is common to both runs: they were split with different seeds.", icon=":material/info:"
        )
        return
    cases = {
        f"Fixed by {other} ({len(found.fixed):,})": found.fixed,
        f"Broken by {other} ({len(found.broken):,})": found.broken,
        f"Both wrong ({len(found.both_wrong):,})": found.both_wrong,
    }
    labels, wanted = list(cases), st.query_params.get(Key.IMAGE)
    holds = [wanted in {said_first.names[at] for at in found.first[rows]} for rows in cases.values()]
    first_shown = holds.index(True) if any(holds) else 0
    at = st.segmented_control(
        "Images", range(3), default=first_shown, required=True, key="compare_case", persist_state="session",
        format_func=labels.__getitem__, label_visibility="collapsed",
    )  # fmt: skip
    st.markdown(_balance(first, second, said_first, said_second, found))
    image = _table(first, second, said_first, said_second, found, cases[labels[at or 0]])
    if image is not None:
        render_image(image, runs, answers)


def _balance(first: ComparedRun, second: ComparedRun, before: Answers, after: Answers, found: Change) -> str:
    """Say how many images each is right in, and whether the difference may be chance."""
    count, fixed, broken = len(found.first), len(found.fixed), len(found.broken)
    ones, others = len(found.both_right) + broken, len(found.both_right) + fixed
    words = f"Of {count:,} images, {first.letter} is right in {ones:,} and {second.letter} in {others:,}. "
    if len(before.names) != count or len(after.names) != count:
        words += (
            f"Only validation images common to both runs count here ({len(before.names):,} and {len(after.names):,}). "
        )
    if not fixed + broken:
        return words + "No image was fixed or broken."
    chance = sign_test(fixed, broken)
    told = "the difference may be chance" if chance > LEVEL else "unlikely to be chance"
    return words + f"{fixed:,} fixed against {broken:,} broken: {told} (sign test, p = {chance:.2g})."


def _table(
    first: ComparedRun, second: ComparedRun, before: Answers, after: Answers, found: Change, chosen: NDArray[np.int64]
) -> str | None:
    """List images with their picture, label, and what either run says how surely; return the chosen one."""
    if not len(chosen):
        st.caption("None.")
        return None
    rows = _rows(first, second, before, after, found, chosen)
    shown = rows.head(MOST_ROWS).copy()
    pictures = cached_runs.thumbnails(cached_runs.run_images(first.summary), list(shown["image"]))
    headings: dict[str, Any] = {
        "picture": st.column_config.ImageColumn("", width=60),
        "image": st.column_config.TextColumn("Image"),
        "is": st.column_config.TextColumn("True class"),
    }
    for letter in (first.letter, second.letter):
        headings[f"{letter} answer"] = st.column_config.TextColumn(f"{letter} answers")
        headings[f"{letter} confidence"] = st.column_config.ProgressColumn(
            f"{letter} confidence", format="percent", min_value=0, max_value=1, width=110
        )
    names = list(shown["image"])
    shown.insert(0, "picture", pictures)
    asked = st.query_params.get(Key.IMAGE)
    version = hashlib.sha256("\n".join((first.letter, second.letter, *names)).encode()).hexdigest()[:12]
    event = st.dataframe(
        shown,
        key=key_of("compare_images", version),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [names.index(asked)] if asked in names else []}},
        row_height=_ROW_HEIGHT,
        height=min(460, 40 + _ROW_HEIGHT * len(shown)),
        column_config=headings,
    )
    more = f"The first {MOST_ROWS:,} of {len(rows):,}. " if len(rows) > MOST_ROWS else ""
    gone = "" if any(pictures) else "The run's pictures have been moved or deleted. "
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{more}{gone}Confidence: the probability of the answer given. Choose a row to see where each run looked."
        )
        st.download_button(
            "CSV", rows.to_csv(index=False), "images.csv", "text/csv", icon=":material/table:", key="compare_csv"
        )
    picked = [str(names[at]) for at in event.selection.rows if at < len(names)]
    if picked:
        name = str(picked[0])
        st.query_params[Key.IMAGE] = name
        return name
    st.query_params.pop(Key.IMAGE, None)
    return None


def _rows(
    first: ComparedRun, second: ComparedRun, before: Answers, after: Answers, found: Change, chosen: NDArray[np.int64]
) -> pd.DataFrame:
    ones, others = found.first[chosen], found.second[chosen]
    names = [before.classes[label] for label in before.labels[ones]]
    table: dict[str, object] = {"image": [before.names[at] for at in ones], "is": names}
    sides = [(first.letter, before, ones)]
    if second.letter != first.letter:
        sides.append((second.letter, after, others))
    for letter, said, rows in sides:
        table[f"{letter} answer"] = [said.classes[guess] for guess in said.guesses[rows]]
        table[f"{letter} confidence"] = softmax(said.logits[rows]).max(1)
    return pd.DataFrame(table)

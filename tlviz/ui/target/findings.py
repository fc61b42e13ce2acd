"""The dataset doctor on the page: start a check, read the findings, exclude with a tick."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from tlviz.data.doctor.findings import LABEL_SUSPECT_WORDS, Finding, Kind, Report, Severity
from tlviz.data.images import ImageSet, open_target
from tlviz.data.sources.notes import exclude, excluded_names, include
from tlviz.errors import TlvizError
from tlviz.runs.failure import failure_of
from tlviz.runs.launch import start_doctor
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.kinds import DOCTOR
from tlviz.ui.cached import targets
from tlviz.ui.messages import show_error
from tlviz.ui.state import key_of
from tlviz.ui.widgets.panels import render_job

MOST_ROWS = 500


def render_findings(data: str, images: ImageSet) -> None:
    """Show what the doctor found in a target, or offer to check it."""
    running = _running(data)
    if running is not None:
        render_job(running)
        return
    report = targets.report(data)
    if report is None:
        st.markdown(
            "The doctor opens every file once and looks for problems that spoil results: damaged or misnamed files, "
            "copies of one picture within and **across** the parts, wrong labels, empty or uneven classes."
        )
    else:
        _report(data, report, images)
    with st.container(horizontal=True, vertical_alignment="center"):
        features = st.toggle(
            "Also look for wrong labels", True, key="doctor_features", help="Uses a network's features."
        )
        words = "Check again" if report else "Check the images"
        if st.button(
            words, type="secondary" if report else "primary", icon=":material/stethoscope:", key="doctor_start"
        ):
            start_doctor(data, features=features)
            targets.forget()
            st.rerun()
    _failure(data)


def _report(data: str, report: Report, images: ImageSet) -> None:
    counts = Counter(finding.severity for finding in report.findings)
    if not report.findings:
        st.success(f"{report.images:,} images checked, no problems found.", icon=":material/check_circle:")
        return
    st.markdown(
        f"{report.images:,} images checked: "
        + ", ".join(f"**{counts[severity]:,}** {severity}{'s' * (counts[severity] != 1)}" for severity in Severity)
        + ". Tick what should be left out of every run from now on; your files are not changed."
    )
    shown = report.findings[:MOST_ROWS]
    edited = st.data_editor(
        _rows(shown, images),
        key=key_of("findings", len(images.excluded)),
        hide_index=True,
        height=min(420, 60 + 44 * len(shown)),
        row_height=44,
        disabled=["severity", "kind", "picture", "beside", "where", "problem", "action"],
        column_config={
            "exclude": st.column_config.CheckboxColumn("Exclude", width=80),
            "severity": st.column_config.TextColumn("Weight", width=80),
            "kind": st.column_config.TextColumn("What", width=110),
            "picture": st.column_config.ImageColumn("Picture", width=60),
            "beside": st.column_config.ImageColumn("Beside", width=60, help="The other picture involved."),
            "where": st.column_config.TextColumn("File", width=150),
            "problem": st.column_config.TextColumn("Finding", width=300),
            "action": st.column_config.TextColumn("Action taken"),
        },
    )
    if any(finding.kind is Kind.LABEL_SUSPECT for finding in report.findings):
        st.caption(LABEL_SUSPECT_WORDS)
    if len(report.findings) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS} of {len(report.findings):,} findings, worst first.")
    _apply(data, images, shown, [bool(tick) for tick in edited["exclude"]])


def render_take_back(data: str | None) -> None:
    """Offer to take all excluded pictures of a target back, where it cannot be shown without them."""
    try:
        identity = open_target(data, must_train=False).identity if data else None
        excluded = excluded_names(identity) if identity else {}
    except TlvizError:
        return
    if identity and excluded:
        st.markdown(f"You have excluded {len(excluded):,} of its pictures.")
        if st.button("Include all of them again", icon=":material/undo:", key="take_back"):
            include(identity, list(excluded))
            targets.forget()
            st.rerun()


def _rows(findings: Sequence[Finding], images: ImageSet) -> pd.DataFrame:
    position = {name: at for at, name in enumerate(images.names)}

    def thumbnail(name: str) -> str | None:
        return targets.thumbnail(images.name, name, images.pixels[position[name]]) if name in position else None

    return pd.DataFrame(
        {
            "exclude": [finding.excluded for finding in findings],
            "severity": [str(finding.severity) for finding in findings],
            "kind": [str(finding.kind) for finding in findings],
            "picture": [thumbnail(finding.name) for finding in findings],
            "beside": [next((thumbnail(name) for name in finding.related), None) for finding in findings],
            "where": [finding.name or finding.path for finding in findings],
            "problem": [finding.problem for finding in findings],
            "action": [finding.action for finding in findings],
        }
    )


def _apply(data: str, images: ImageSet, findings: Sequence[Finding], ticks: Sequence[bool]) -> None:
    """Remember changed ticks with the target, and draw the page anew."""
    changed = [(f, tick) for f, tick in zip(findings, ticks, strict=True) if f.name and tick != f.excluded]
    if not changed:
        return
    identity = open_target(data, must_train=False).identity
    out = {finding.name: str(finding.kind) for finding, tick in changed if tick}
    left = {images.labels[at] for at, name in enumerate(images.names) if name not in out}
    if out and len(left) < 2:
        show_error("Fewer than two classes would be left, so nothing was excluded; untick some pictures.")
        return
    back = [finding.name for finding, tick in changed if not tick]
    if out:
        exclude(identity, out)
    if back:
        include(identity, back)
    targets.forget()
    st.rerun()


def _looks(data: str) -> list[RunFolder]:
    return [run for run in list_runs(DOCTOR) if run.config()["settings"].get("data") == data]


def _running(data: str) -> RunFolder | None:
    return next((run for run in _looks(data) if not run.status().is_over), None)


def _failure(data: str) -> None:
    last = next(iter(_looks(data)), None)
    if last and (failure := failure_of(last)):
        show_error(failure)

"""What the check of an export found, in words and in numbers, and where its files are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from tlviz.export.files.table import FORMATS
from tlviz.runs.failure import failure_of
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.ui.messages import plain, show_error

_TITLES = {form.value: spec.title for form, spec in FORMATS.items()}


def render_end(job: RunFolder, result: Mapping[str, Any], items: str) -> None:
    """Show how an export ended: its report and its files, or why there are none; ``items`` are pictures or texts."""
    if result:
        _report(result, items)
        _files(result, items)
        return
    if job.status() is Status.STOPPED:
        st.info("The export was cancelled; nothing was left.", icon=":material/cancel:")
    elif failure := failure_of(job):
        show_error(failure)


def _report(result: Mapping[str, Any], items: str) -> None:
    checks = result["checks"]
    passed = [name for name, told in checks.items() if told["status"] == "passed"]
    failed = [name for name, told in checks.items() if told["status"] == "failed"]
    for reason, names in _by_reason(checks, "failed").items():
        words = "failed its check and is" if len(names) == 1 else "failed their checks and are"
        show_error(f"{_listed(names)} {words} not ready: {reason}")
    if passed:
        st.success(_passed_words(passed, checks, items), icon=":material/check_circle:")
    for reason, names in _by_reason(checks, "not run").items():
        st.info(f"{plain(_listed(names))}: not checked. {plain(reason)}", icon=":material/help:")
    for note in dict.fromkeys(note for told in checks.values() for note in told.get("notes", ())):
        which = [name for name, told in checks.items() if note in told.get("notes", ())]
        about = f"{_listed(which)}: " if len(which) < len(passed) + len(failed) else ""
        st.caption(f":material/info: {plain(about + note)}")


def _passed_words(passed: list[str], checks: Mapping[str, Any], items: str) -> str:
    """Say what was proven, of the formats that passed."""
    told = checks[passed[0]]
    exact = [name for name in passed if checks[name]["top1_agreement"] == 1]
    asked = f"{told['images']:,} validation {items} and {told['odd_renderings']:,} odd renderings of some of them"
    largest = max((checks[name]["max_logit_difference"] or 0.0 for name in exact), default=0.0)
    words = f"**{_listed(exact)}**: the run's own answers for all {asked}, read from their files without tlviz"
    words += f"; the largest difference of a logit is {largest:.1g}." if largest else ", to the bit."
    if told["accuracy"] is not None and told["run_accuracy"] is not None:
        words += f" Accuracy {told['accuracy']:.1%}, as the run recorded it." if exact else ""
    others = [f"{_title(name)} {checks[name]['top1_agreement']:.1%}" for name in passed if name not in exact]
    return f"{words if exact else ''} {'Agreement of lower precision: ' + ', '.join(others) + '.' if others else ''}"


def _by_reason(checks: Mapping[str, Any], status: str) -> dict[str, list[str]]:
    """Return which formats ended so, by the reason, which several may share."""
    found: dict[str, list[str]] = {}
    for name, told in checks.items():
        if told["status"] == status:
            found.setdefault(str(told["reason"] or ""), []).append(name)
    return found


def _files(result: Mapping[str, Any], items: str) -> None:
    folder, archive = Path(result["folder"]), Path(result["zip"]) if result.get("zip") else None
    if not folder.is_dir():
        st.caption(f"The folder {plain(str(folder))} has gone since.")
    elif archive is not None and archive.is_file():
        st.download_button(
            f"Download the ZIP ({archive.stat().st_size / 1e6:,.1f} MB)",
            archive.read_bytes,
            archive.name,
            "application/zip",
            icon=":material/folder_zip:",
            key="export_zip",
            type="primary" if result.get("ready") else "secondary",
            on_click="ignore",
        )
    if folder.is_dir():
        st.code(str(folder), language=None, wrap_lines=True)
    with st.expander("The checks in numbers", icon=":material/table:"):
        st.dataframe([_row(name, told, items) for name, told in result["checks"].items()], hide_index=True)


def _row(name: str, told: Mapping[str, Any], items: str) -> dict[str, Any]:
    return {
        "format": _title(name),
        "check": told["status"],
        "agreement": told["top1_agreement"],
        "largest difference": told["max_logit_difference"],
        items: told["images"],
        "renderings": told["odd_renderings"],
        "accuracy": told["accuracy"],
        "run's accuracy": told["run_accuracy"],
        "MB": round(told["size_bytes"] / 1e6, 2),
        "ms for 1": told["latency_ms"].get("1"),
        "ms for 32": told["latency_ms"].get("32"),
    }


def _title(name: str) -> str:
    return _TITLES.get(name, name)


def _listed(names: list[str]) -> str:
    titles = [_title(name) for name in names]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}" if titles else ""

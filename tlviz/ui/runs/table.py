"""The table of all runs: search, tags, and the one that is chosen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from tlviz.data.images import dataset_title
from tlviz.runs.overview import RunRow, all_tags, disk_use, search
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.titles import strategy_title
from tlviz.ui.state import Key, key_of

_COLUMNS = {
    "name": st.column_config.TextColumn("Name", width=110),
    "target": st.column_config.TextColumn("Target", width=80),
    "strategy": st.column_config.TextColumn("Strategy", width=90),
    "network": st.column_config.TextColumn("Network", width=108),
    "seed": st.column_config.NumberColumn("Seed", format="%d", width=45),
    "image size": st.column_config.NumberColumn("Pixels", format="%d", width=55, help="Side of the pictures."),
    "frozen": st.column_config.NumberColumn(
        "Frozen", format="%d", width=55, help="How many stages, from the first, stay frozen to the end."
    ),
    "accuracy": st.column_config.NumberColumn("Best", format="percent", width=60, help="Best validation accuracy."),
    "test": st.column_config.NumberColumn("Test", format="percent", width=60, help="The final evaluation."),
    "epochs": st.column_config.NumberColumn("Epochs", width=55),
    "seconds": st.column_config.NumberColumn("Seconds", format="%d", width=60),
    "status": st.column_config.TextColumn("Status", width=65),
    "started": st.column_config.DatetimeColumn("Started", format="D MMM HH:mm", width=90),
    "size": st.column_config.NumberColumn("MB", format="%.1f", width=50),
    "tags": st.column_config.ListColumn("Tags", width=90),
}


def render_filter(rows: Sequence[RunRow]) -> list[RunRow]:
    """Draw the search field and the tags in use, and return the rows that match."""
    field, tags = st.columns([1.4, 2], vertical_alignment="center")
    words = field.text_input(
        "Search", key="runs_search", placeholder="Search names, notes, tags, targets …", label_visibility="collapsed"
    )
    known = all_tags(rows)
    chosen: list[str] = []
    if known:
        chosen = tags.pills("Tags", known, selection_mode="multi", key="runs_tags", label_visibility="collapsed")
    found = [row for row in search(rows, words or "") if set(chosen or ()) <= set(row.notes.tags)]
    every = "One run" if len(rows) == 1 else f"{len(rows):,} runs"
    shown = f"{len(found):,} of {len(rows):,} runs" if len(found) < len(rows) else every
    st.caption(f"{shown}, {megabytes(disk_use(found))} on disk. Click a row to choose it.")
    return found


def render_table(rows: Sequence[RunRow]) -> RunRow | None:
    """Show rows and return the chosen one: clicked, else that of the address, else the first."""
    if not rows:
        return None
    names = [row.run for row in rows]
    asked = st.session_state.get(Key.RUN) or st.query_params.get(Key.RUN)
    at = names.index(asked) if asked in names else 0
    version = hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]
    event = st.dataframe(
        _frame(rows),
        key=key_of("runs_table", version),
        hide_index=True,
        placeholder="",
        height=min(300, 38 + 35 * len(rows)),
        column_config=_COLUMNS,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [at]}},
    )
    picked = [place for place in event.selection.rows if place < len(rows)]
    chosen = rows[picked[0]] if picked else rows[at]
    st.session_state[Key.RUN] = chosen.run
    if st.query_params.get(Key.RUN) != chosen.run:
        st.query_params[Key.RUN] = chosen.run
    return chosen


def _frame(rows: Sequence[RunRow]) -> pd.DataFrame:
    """Lay rows out; what no run has is no column."""
    frame = pd.DataFrame([_cells(row) for row in rows])
    unused = {
        "name": not any(row.notes.name for row in rows),
        "tags": not any(row.notes.tags for row in rows),
        "test": all(row.test_accuracy is None for row in rows),
    }
    return frame.drop(columns=[name for name, is_unused in unused.items() if is_unused])


def megabytes(size: int) -> str:
    """Write bytes as a person reads them."""
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"


def _cells(row: RunRow) -> dict[str, object]:
    return {
        "name": row.notes.name,
        "target": dataset_title(row.data),
        "strategy": strategy_title(row.strategy),
        "network": row.model,
        "seed": row.seed,
        "image size": row.image_size,
        "frozen": row.freeze,
        "accuracy": row.best_val_accuracy,
        "test": row.test_accuracy,
        "epochs": row.epochs_run,
        "seconds": row.duration_s,
        "status": "waiting" if row.status is Status.QUEUED else row.status.value,
        "started": _moment(row.started),
        "size": row.size / 1e6,
        "tags": list(row.notes.tags),
    }


def _moment(started: float) -> datetime | None:
    """Return a time of this machine's clock, None for what no calendar has."""
    try:
        return datetime.fromtimestamp(started)
    except (OverflowError, OSError, ValueError):
        return None

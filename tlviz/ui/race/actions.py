"""What can be done with a race: compare its best, export the winner, a report, a name of one's own, deletion."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlviz.runs.notes import Notes, read_notes, write_notes
from tlviz.runs.races.race import Race, folder_of
from tlviz.runs.races.standings import Standing
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.trash import discard
from tlviz.ui.address import go_to
from tlviz.ui.compare.pick_runs import MOST
from tlviz.ui.messages import heed
from tlviz.ui.state import Key, key_of


def render_race_actions(run: RunFolder, race: Race, ranked: Sequence[Standing]) -> None:
    """Draw a row of what leads on from a race, and below *Name, delete* what is rarely needed."""
    best = best_runs(run, ranked)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            f"Compare the best {len(best)}" if len(best) > 1 else "Compare", icon=":material/compare_arrows:",
            key="race_compare", disabled=not best, on_click=_set, args=(Key.COMPARED, best),
            help="Down to the single image: compares each value's run of the first seed on the same validation images.",
        ):  # fmt: skip
            go_to("pages/compare.py")
        if st.button(
            "Export the winner", icon=":material/download:", key="race_export", disabled=not best,
            on_click=_set, args=(Key.RUN, best[0] if best else ""), help="Exports the weights of its first seed.",
        ):  # fmt: skip
            go_to("pages/export.py")
        st.download_button(
            "Report", lambda: _report(run), f"{run.name}.html", "text/html", icon=":material/article:",
            key="race_report", on_click="ignore",
            help="One HTML file with standings, figures and settings; it opens offline.",
        )  # fmt: skip
        with st.popover("Name, delete", icon=":material/edit:"):
            _rename(run)
            st.button(
                "Delete the race", icon=":material/delete:", key="race_delete", disabled=not race.status.is_over,
                on_click=heed, args=(_delete, run),
                help="Moves the race into the trash; its runs stay." if race.status.is_over else "Stop it first.",
            )  # fmt: skip


def best_runs(run: RunFolder, ranked: Sequence[Standing]) -> list[str]:
    """Return for each of the best values the first of its runs that is over and has weights, up to four."""
    found = []
    for standing in ranked:
        folders = [folder_of(run, name) for name in standing.runs]
        found += [folder.name for folder in folders if folder.weights.exists() and folder.status().is_over][:1]
    return found[:MOST]


def _rename(run: RunFolder) -> None:
    held = read_notes(run)
    with st.form(key_of("race_notes", run.name), border=False):
        name = st.text_input("Name", held.name, placeholder="your own name for it", key=key_of("race_name", run.name))
        text = st.text_area("Notes", held.text, height=80, key=key_of("race_text", run.name))
        if st.form_submit_button("Save", icon=":material/save:"):
            heed(write_notes, run, Notes(name, text, held.tags))
            st.rerun()


def _set(key: Key, value: object) -> None:
    st.session_state[key] = value


def _report(run: RunFolder) -> bytes:
    from tlviz.export.race_report import race_report_html  # imports plotly's library, several MB

    return race_report_html(run).encode()


def _delete(run: RunFolder) -> None:
    st.session_state[Key.DELETED] = discard(run).name
    st.session_state.pop(Key.RACE, None)
    st.query_params.pop(Key.RACE, None)

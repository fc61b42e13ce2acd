"""What can be done with a race: compare its best, export the winner, a report, a name of one's own, deletion."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlviz.runs.notes import Notes, read_notes, write_notes
from tlviz.runs.races.race import MemberState, Race
from tlviz.runs.races.standings import Standing
from tlviz.runs.races.winner import winner_weights
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.trash import discard
from tlviz.ui.address import go_to
from tlviz.ui.compare.pick_runs import MOST
from tlviz.ui.messages import heed
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.show_code import notebook_of, render_notebook


def render_race_actions(run: RunFolder, race: Race, ranked: Sequence[Standing]) -> None:
    """Draw a row of what leads on from a race, and below *Name, delete* what is rarely needed."""
    compared, winner = best_runs(race, ranked), winner_weights(run, race, ranked)
    values = sum(1 for standing in ranked if set(standing.runs) & set(compared))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            f"Compare the best {values}" if values > 1 else "Compare", icon=":material/compare_arrows:",
            key="race_compare", disabled=not compared, on_click=_set, args=(Key.COMPARED, compared),
            help="Down to the single image: takes all seeds of each of the best values, up to four.",
        ):  # fmt: skip
            go_to("pages/compare.py")
        if st.button(
            "Export the winner", icon=":material/download:",
            key="race_export", disabled=not winner,
            on_click=_set, args=(Key.RUN, winner), help="Exports the weights of its best seed.",
        ):  # fmt: skip
            go_to("pages/export.py")
        st.download_button(
            "Report", lambda: _report(run), f"{run.name}.html", "text/html", icon=":material/article:",
            key="race_report", on_click="ignore",
            help="One HTML file with standings, figures and settings; it opens offline.",
        )  # fmt: skip
        render_notebook(lambda: notebook_of(run), run.name, key="race_notebook")
        with st.popover("Name, delete", icon=":material/edit:"):
            _rename(run)
            st.button(
                "Delete the race", icon=":material/delete:", key="race_delete", disabled=not race.status.is_over,
                on_click=heed, args=(_delete, run),
                help="Moves the race into the trash; its runs stay." if race.status.is_over else "Stop it first.",
            )  # fmt: skip


def best_runs(race: Race, ranked: Sequence[Standing]) -> list[str]:
    """Return all runs of each of the best values, up to four, that are over and reached something, the best first."""
    ready = {m.run for m in race.members if not m.is_open and m.curve.best and m.state is not MemberState.GONE}
    values = [[name for name in standing.runs if name in ready] for standing in ranked]
    return [name for names in [names for names in values if names][:MOST] for name in names]


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

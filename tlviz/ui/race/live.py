"""A race as it goes: verdict, curves, leaderboard, and the queue; one part of the page that reads the folders."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import streamlit as st

from tlviz.figures.race import Axis, Line, Measure, lines_csv, plot_race, race_lines, y_range
from tlviz.figures.seeds import plot_seeds
from tlviz.figures.theme import browser_data, chart_config
from tlviz.runs.best.found import is_search, read_best
from tlviz.runs.launch import end_worker, resume_run, stop_run
from tlviz.runs.launchers.launcher import launcher_of
from tlviz.runs.launchers.resources import LOCAL
from tlviz.runs.places import race_places
from tlviz.runs.races.race import (
    Member,
    MemberState,
    Race,
    cancel_member,
    folder_of,
    go_on,
    pause,
    read_race,
    reorder,
)
from tlviz.runs.races.standings import Standing, standings
from tlviz.runs.races.winner import winner_weights
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.scheduled import job_words
from tlviz.ui.address import from_address, to_address
from tlviz.ui.cached.runs import curve_reader
from tlviz.ui.finetune.live import HEED_S
from tlviz.ui.finetune.next_steps import render_next
from tlviz.ui.messages import heed, left_words, plain
from tlviz.ui.race.actions import render_race_actions
from tlviz.ui.race.leaderboard import reading_aid, render_leaderboard, render_verdict
from tlviz.ui.state import Key
from tlviz.ui.widgets.live_chart import load_chart_library, render_live_chart
from tlviz.ui.widgets.panels import STATUS_WORDS, race_label, told_apart
from tlviz.ui.widgets.rows import words_and_buttons

POLL_S = 1.0
DRAWING_POLL_S = 2.0
"""Curves and leaderboard are drawn less often than the progress: their cost is taken from the runs' own."""
LOG = "log"
MOST_QUEUED = 6
"""Waiting runs that are listed in their order."""


def render_no_race() -> None:
    """Show the empty axes, so that the browser has its chart library before the first race needs it."""
    st.info("No race yet. Its curves will appear here.", icon=":material/show_chart:")
    figure = plot_race([], Measure.ACCURACY, Axis.EPOCHS, is_log=False, epochs=10, revision="none")
    st.plotly_chart(figure, key="race_none", config=chart_config())


def pick_race(races: Sequence[RunFolder]) -> RunFolder:
    """Let a person pick one of several races, the newest by default; the choice is kept in the address bar."""
    by_name = {run.name: run for run in races}
    from_address(Key.RACE, list(by_name), races[0].name)
    labels = told_apart({name: race_label(run) for name, run in by_name.items()})
    name = st.selectbox(
        "Race",
        list(by_name),
        format_func=lambda name: labels[name],
        key=Key.RACE,
        persist_state="session",
        label_visibility="collapsed",
    )
    to_address(Key.RACE)
    return by_name[name]


def render_race(run: RunFolder) -> None:
    """Show a race; while it goes on, its progress is read once a second, its curves every other."""
    is_over = run.status().is_over
    often, less_often = (None, None) if is_over else (POLL_S, DRAWING_POLL_S)
    st.fragment(_verdict, run_every=less_often)(run)
    st.fragment(_progress, run_every=often)(run, was_over=is_over)
    st.fragment(_drawings, run_every=less_often)(run)
    race = read_race(run, curve_reader())
    render_race_actions(run, race, standings(race))
    if race.status.is_over and (winner := winner_weights(run, race, standings(race))):
        render_next(folder_of(run, winner), "**What to try next, for the winner**")
    load_chart_library()


def _verdict(run: RunFolder) -> None:
    race = read_race(run, curve_reader())
    render_verdict(race, standings(race))
    if is_search(run) and run.events()[-1:] and run.events()[-1].get("winner"):
        st.markdown(plain(f"Search for the best model: {read_best(run).summary}"))
    if race.trouble:
        st.warning(plain(race.trouble), icon=":material/warning:")


def _progress(run: RunFolder, *, was_over: bool) -> None:
    race = read_race(run, curve_reader())
    if race.status.is_over and not was_over:
        st.rerun()  # once, without the timers
    _state(run, race)


def _drawings(run: RunFolder) -> None:
    race = read_race(run, curve_reader())
    ranked = standings(race)
    curves, board = st.columns([1.45, 1], gap="medium")
    with curves:
        _curves(race)
        _seeds(race, ranked)
    with board:
        render_leaderboard(race, ranked)
        st.caption(reading_aid(race, ranked))
    for note in race.notes:
        st.caption(f":material/content_cut: {plain(note)}")
    _failures(race)
    _queue(run, race)


def _state(run: RunFolder, race: Race) -> None:
    """Say how far the race is, with the buttons that pause, stop or resume it."""
    bar, buttons = words_and_buttons()
    done = sum(not member.is_open for member in race.members)
    if not race.status.is_over and (job := job_words(run.path)) is not None:
        st.caption(plain(job))
    counted = f"{done} of {len(race.members)} runs"
    if race.status.is_over or race.beat is None:
        after = f" after {race.duration_s:,.0f} s" if race.duration_s is not None else ""
        bar.markdown(f"{STATUS_WORDS[race.status]}{after} · {counted}")
    else:
        doing = "paused" if race.is_paused and "paused" in race.beat.doing else race.beat.doing
        bar.progress(race.beat.fraction, plain(f"{counted} · {doing}{left_words(race.beat.seconds_left)}"))
    if race.status.is_over:
        if race.status is not Status.FINISHED:
            words = "Resumes every unfinished run from its last epoch."
            buttons.button("Resume", icon=":material/resume:", key="race_resume", on_click=heed, args=(resume_run, run),
                          help=words)  # fmt: skip
        return
    if race.is_paused:
        buttons.button("Continue", icon=":material/play_arrow:", key="race_go_on", on_click=heed, args=(go_on, run))
    elif launcher_of(run) == LOCAL:
        buttons.button("Pause", icon=":material/pause:", key="race_pause", on_click=heed, args=(pause, run))
    asked_s = run.stop_age_s()
    if asked_s is not None and asked_s > HEED_S:
        buttons.button("End now", key="race_end", on_click=end_worker, args=(run,), help="A stop was requested, but it is still running.")  # fmt: skip  # noqa: E501
    else:
        words = "Stop" if asked_s is None else "Stopping"
        buttons.button(words, icon=":material/stop:", key="race_stop", on_click=heed, args=(stop_run, run),
                      disabled=asked_s is not None, help="Cancels all runs; what is finished is kept.")  # fmt: skip


def _curves(race: Race) -> None:
    """Draw the curves of all runs with the few choices of how."""
    row = st.container(horizontal=True, vertical_alignment="center")
    name = row.selectbox(
        "Measure", [str(kind) for kind in Measure], key="race_measure", label_visibility="collapsed", width=130
    )
    measure = Measure(str(name))
    axis = row.segmented_control(
        "Over", list(Axis), default=Axis.EPOCHS, required=True, key="race_axis", label_visibility="collapsed",
    )  # fmt: skip
    with row.popover("More"):
        scale = st.segmented_control("Scale", ["linear", LOG], default="linear", required=True, key="race_scale")
        smoothing = st.slider(
            "Smoothing", 0.0, 0.9, 0.0, 0.1, key="race_smoothing", help="0 shows the measured values."
        )
        lines = race_lines(race, measure, axis, smoothing)
        st.download_button(
            "CSV of these points", lambda: lines_csv(lines, measure, axis), f"{race.name}.csv", "text/csv",
            key="race_csv", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    _chart(race, lines, measure, axis, is_log=scale == LOG)


def _chart(race: Race, lines: list[Line], measure: Measure, axis: Axis, *, is_log: bool) -> None:
    epochs = max((member.epochs for member in race.members), default=1)
    figure = plot_race(
        lines, measure, axis, is_log=is_log, epochs=epochs, revision=f"{race.name}{measure}{axis}{is_log}"
    )
    render_live_chart(browser_data(figure), key="race_chart")
    seeds = " The band is the range of the seeds." if len({member.seed for member in race.members}) > 1 else ""
    is_share = measure is not Measure.LOSS and not is_log
    is_outside = is_share and any(map(_starts_outside, lines, repeat(y_range(lines))))
    outside = ", and off the axis, which shows the range that matters" if is_outside else ""
    marks = "A star marks the best epoch, a tick the unfreezing of more stages."
    st.caption(f"Epoch 0 is before training{outside}. {marks}{seeds}")


def _starts_outside(line: Line, shown: Sequence[float]) -> bool:
    """Return whether a curve's epoch 0 is outside the range that the axis shows."""
    return any(row.epoch == 0 and not shown[0] <= row.mean <= shown[1] for row in line.rows)


def _seeds(race: Race, ranked: Sequence[Standing]) -> None:
    """Draw every seed as a dot beside the mean of its value, once there is one."""
    if all(standing.accuracy is None for standing in ranked):
        return
    render_live_chart(browser_data(plot_seeds(ranked, race_places(race), race.name)), key="race_dots")
    whiskers = "The mark is the mean, the whisker one standard error"
    st.caption(
        f"Each dot is a seed's best epoch. {whiskers}."
        if max(standing.seeds for standing in ranked) > 1
        else f"Each dot is the one run's best epoch. {whiskers} of the images: one seed cannot show luck."
    )


def _failures(race: Race) -> None:
    for member in race.members:
        if member.curve.error and member.state is MemberState.FAILED:
            st.error(plain(f"{_name(race, member)}: {member.curve.error}"), icon=":material/error:")


def _queue(run: RunFolder, race: Race) -> None:
    """Show what waits, and let a person run one of them next or cancel it."""
    waiting = [member for member in race.members if member.is_open]
    if race.status.is_over or not waiting:
        return
    order = [_name(race, member) for member in waiting if member.state is MemberState.WAITING]
    more = f" and {len(order) - MOST_QUEUED} more" if len(order) > MOST_QUEUED else ""
    then = f" · then {', '.join(order[:MOST_QUEUED])}{more}" if order else ""
    st.markdown(f"**Queue** · {len(waiting)} to go{plain(then)}")
    pick, buttons = words_and_buttons()
    by_number = {member.number: member for member in waiting}
    chosen = pick.selectbox(
        "Run", list(by_number), format_func=lambda number: _queued(race, by_number.get(number)), key="race_queued",
        label_visibility="collapsed",
    )  # fmt: skip
    wished = [chosen, *(member.number for member in race.members if member.number != chosen)]
    is_running = chosen in by_number and by_number[chosen].state is MemberState.RUNNING
    buttons.button("Run next", icon=":material/arrow_upward:", key="race_next", on_click=heed,
                  args=(reorder, run, wished), disabled=is_running)  # fmt: skip
    buttons.button("Cancel it", icon=":material/close:", key="race_cancel", on_click=heed,
                  args=(cancel_member, run, chosen), help="A run that has begun keeps its best weights.")  # fmt: skip


def _queued(race: Race, member: Member | None) -> str:
    return f"{_name(race, member)} · {member.state}" if member else ""


def _name(race: Race, member: Member) -> str:
    has_seeds = len({other.seed for other in race.members}) > 1
    return f"{member.words} · seed {member.seed}" if has_seeds else member.words

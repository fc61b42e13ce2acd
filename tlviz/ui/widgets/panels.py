"""Panels that more than one page shows."""

from __future__ import annotations

import base64
import html
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import streamlit as st

from tlviz.data.images import dataset_title
from tlviz.data.pixels.problem import Problem
from tlviz.finetune.settings import in_words
from tlviz.finetune.strategies import STRATEGIES
from tlviz.runs.notes import read_notes
from tlviz.runs.overview import RunRow, overview
from tlviz.runs.races.plan import PLAN, STRATEGY
from tlviz.runs.races.race import BEST, RACE_KEY, planned_settings
from tlviz.runs.store.folder import RunFolder, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.kinds import KINDS
from tlviz.runs.summary import RunSummary, summarise
from tlviz.runs.titles import moment
from tlviz.ui.address import from_address, to_address
from tlviz.ui.messages import heed, left_words
from tlviz.ui.state import key_of
from tlviz.ui.widgets.headings import FILE_COLUMNS
from tlviz.ui.widgets.rows import words_and_buttons

if TYPE_CHECKING:
    from tlviz.explore.maps.feature_maps import Guess

POLL_S = 1.0
RECENT = 20
"""Runs older than the newest twenty are not looked at for signs of life."""

STATUS_WORDS = {
    Status.QUEUED: ":material/hourglass_top: waiting",
    Status.RUNNING: ":material/play_arrow: running",
    Status.FINISHED: ":material/check_circle: finished",
    Status.STOPPED: ":material/stop_circle: stopped, best kept",
    Status.FAILED: ":material/error: failed",
    Status.LOST: ":material/help: lost",
}


@st.fragment(run_every=POLL_S)
def active_runs() -> None:
    """Show every run that waits or works with a small progress bar; those of a race are in the race's."""
    active = [run for run in list_runs()[:RECENT] if not run.status().is_over]
    racing = {run.name for run in active}
    active = [run for run in active if run.config()["settings"].get(RACE_KEY) not in racing]
    if not active:
        st.rerun()  # once, without the timer
    for run in active:
        beat = run.present_beat()
        doing = beat.doing if beat else "starting"
        st.progress(beat.fraction if beat else 0.0, f"{run_label(summarise(run))}: {doing}")


def render_job(run: RunFolder, *, narrow: bool = False) -> None:
    """Show how far a job is, with a button that stops it; the page is drawn anew when it is over.

    In a narrow column the button stands below.
    """
    st.fragment(_job, run_every=POLL_S)(run, narrow=narrow)


def _job(run: RunFolder, *, narrow: bool) -> None:
    if run.status().is_over:
        st.rerun()
    beat = run.present_beat()
    left = left_words(beat.seconds_left) if beat else ""
    bar, button = (st, st) if narrow else words_and_buttons()
    bar.progress(beat.fraction if beat else 0.0, f"{beat.doing if beat else 'starting'}{left}")
    button.button("Cancel", key=key_of("cancel", run.name), on_click=heed, args=(run.request_stop,))


def run_label(summary: RunSummary | RunRow) -> str:
    """Name a run the way a person would: by its own name, or target, strategy, network; and the time of day."""
    kind = KINDS.get(summary.kind)
    if kind and kind.title:
        settings = summary.settings if isinstance(summary, RunSummary) else {}
        about = {"model": summary.model, "data": dataset_title(summary.data)}
        return kind.title.format_map(defaultdict(str, settings | about))
    strategy = STRATEGIES[summary.strategy].title if summary.strategy in STRATEGIES else summary.strategy
    clock = summary.run[9:13]
    own = summary.notes.name if isinstance(summary, RunRow) else ""
    called = own or f"{dataset_title(summary.data)} · {strategy} · {summary.model}"
    return f"{called} · {clock[:2]}:{clock[2:]}"


def race_label(run: RunFolder) -> str:
    """Name a race the way a person would: by the own name, or what differs and where; and when it was started."""
    config, own = run.config(), read_notes(run).name
    when = moment(config["created"])
    if own:
        return f"{own} · {when}"
    settings = config["settings"]
    if searched := settings.get(BEST):
        return (
            f"{dataset_title(str(settings.get('data', '')))} · the best in {searched.get('minutes', 0):g} min · {when}"
        )
    sweep, members = str(settings.get("sweep", "")), planned_settings(settings)
    values = {str(member.get(sweep)) for member in members}
    what = {STRATEGY: "strategies", PLAN: "advised plans"}.get(sweep, f"values of {in_words(sweep)}")
    if sweep == STRATEGY and len(values) == 1:
        what = next((STRATEGIES[value].title for value in values if value in STRATEGIES), what)
    runs = f" · {len(members)} runs" if len(members) != len(values) else ""
    target = dataset_title(str(settings.get("data", "")))
    return f"{target} · {len(values)} {what}{runs} · {settings.get('model', '')} · {when}"


def pick_run(runs: Sequence[RunFolder], *, key: str, default: str = "") -> RunFolder:
    """Let a person pick one of several runs, by default this or the newest; the choice is kept in the address bar."""
    by_name = {run.name: run for run in runs}
    from_address(key, list(by_name), default or runs[0].name)
    known = {row.run: row for row in overview()}
    labels = told_apart({name: run_label(known.get(name) or summarise(run)) for name, run in by_name.items()})
    name = st.selectbox(
        "Run",
        list(by_name),
        format_func=lambda name: labels[name],
        key=key,
        persist_state="session",
        label_visibility="collapsed",
    )
    to_address(key)
    return by_name[name]


def told_apart(labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels by run, with the end of the run's name where several are alike: Streamlit goes by the label."""
    counts = Counter(labels.values())
    return {name: f"{label} · {name[-4:]}" if counts[label] > 1 else label for name, label in labels.items()}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sprite of tiles with a title, words beside it, and one line of ``cells`` for each tile on hover."""

    png: bytes
    cells: Sequence[str]
    columns: int
    title: str
    words: str


def render_sheets(sheets: Sequence[Sheet]) -> None:
    """Show sprites crisply, a row each, as one element of the page."""
    st.html("".join(_row(sheet) for sheet in sheets))


def _row(sheet: Sheet) -> str:
    rows = -(-len(sheet.cells) // sheet.columns)
    wide, high = 1 / sheet.columns, 1 / rows
    spots = "".join(
        f'<span title="{html.escape(words)}" style="position:absolute;left:{at % sheet.columns * wide:.4%};'
        f'top:{at // sheet.columns * high:.4%};width:{wide:.4%};height:{high:.4%}"></span>'
        for at, words in enumerate(sheet.cells)
    )
    title, words = html.escape(sheet.title), html.escape(sheet.words)
    return (
        '<div style="display:flex;align-items:center;gap:12px;margin-bottom:8px"><div style="width:84px;flex:none">'
        f"<b>{title}</b><br><small>{words}</small></div>"
        '<div style="position:relative;line-height:0;flex:1">'
        f"{_image(sheet.png, f'{sheet.title}: {sheet.words}', crisp=True)}{spots}</div></div>"
    )


_TWO_LINES = (
    "display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden;overflow-wrap:anywhere;"
    "line-height:1.2"
)


def render_wall(wall: Sequence[tuple[str, int, bytes]], columns: int) -> None:
    """Show a target's classes, each with its count and a strip of up to ``columns`` pictures, two classes a row."""
    cells = "".join(
        f'<div style="display:flex;align-items:center;gap:10px"><div style="width:92px;flex:none" '
        f'title="{html.escape(name)}"><b style="{_TWO_LINES}">{html.escape(name)}</b>'
        f"<small>{count:,} images</small></div>"
        f'<div style="width:calc((100% - 102px) * {min(count, columns) / columns})">'
        f"{_image(png, f'Pictures of {name}', crisp=False)}</div></div>"
        for name, count, png in wall
    )
    grid = "display:grid;grid-template-columns:repeat(auto-fill,minmax(min(420px,100%),1fr));gap:6px 28px"
    st.html(f'<div style="{grid}">{cells}</div>')


def render_problems(problems: Sequence[Problem]) -> None:
    """List what was odd about a target's files, folded away; nothing where all was well."""
    if problems:
        words = "One file or folder is" if len(problems) == 1 else f"{len(problems):,} files or folders are"
        with st.expander(f"{words} odd", icon=":material/warning:"):
            st.dataframe([asdict(problem) for problem in problems], hide_index=True, column_config=dict(FILE_COLUMNS))


def render_guesses(guesses: Sequence[Guess]) -> None:
    """Show the network's best guesses as bars with their probabilities."""
    rows = "".join(
        f'<div style="display:flex;justify-content:space-between;gap:8px;font-size:0.85rem;margin-top:5px">'
        f"<span>{html.escape(guess.name)}</span><b>{_percent(guess.probability)}</b></div>"
        '<div style="background:rgba(128,128,128,0.25);border-radius:3px;height:5px">'
        f'<div style="background:#4a8fd6;border-radius:3px;height:5px;width:{guess.probability:.1%}">'
        "</div></div>"
        for guess in guesses
    )
    st.html(rows)


def _percent(probability: float) -> str:
    return "&lt; 1 %" if probability < 0.01 else f"{probability:.0%}"


def _image(png: bytes, label: str, *, crisp: bool) -> str:
    rendering = "pixelated" if crisp else "auto"
    return (
        f'<img alt="{html.escape(label)}" src="data:image/png;base64,{base64.b64encode(png).decode()}" '
        f'style="width:100%;image-rendering:{rendering};border-radius:4px">'
    )

"""Measured numbers as a table with a dot and whisker in each cell: HTML that a page shows and a printer prints."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tlviz.figures.theme import run_line
from tlviz.learn.cards import Card, Experiment, Kind
from tlviz.learn.claims import is_share, number, title_of
from tlviz.learn.results import Estimate, Table, interval_of

_LINE = "border-top:1px solid rgba(128,128,128,0.3)"
_NUMBER_ONLY = {"trainable", "epochs_run", "epochs_needed"}
_MARK = "#3a76bd"


@dataclass(frozen=True, slots=True)
class Column:
    """One number of every row: its title, its measure, and what was measured by row."""

    title: str
    measure: str
    cells: Mapping[str, Estimate]


def card_dots(card: Card, tables: Mapping[str, Table]) -> str:
    """Return what was measured for a card."""
    return experiments_dots(card.experiments, card.shows, tables)


def experiments_dots(experiments: Sequence[Experiment], shows: Sequence[str], tables: Mapping[str, Table]) -> str:
    """Return what was measured: a table for each race, or one a measure that has every profile side by side."""
    known = {experiment.name: tables[experiment.name] for experiment in experiments if experiment.name in tables}
    if experiments[0].kind is Kind.RACE:
        parts = [race_dots(table, shows, name if len(known) > 1 else "") for name, table in known.items()]
    else:
        parts = [profile_dots(known, measure) for measure in shows]
    return "".join(parts)


def race_dots(table: Table, measures: Sequence[str], title: str = "") -> str:
    """Return a race's numbers: a row for each run, a column for each measure."""
    columns = [Column(title_of(measure), measure, _cells(table, measure)) for measure in measures]
    return dots_html(columns, table.rows, title, is_coloured=True)


def profile_dots(tables: Mapping[str, Table], measure: str) -> str:
    """Return one measure of profiles: a row for each stage, a column for each target."""
    columns = [Column(name, measure, _cells(table, measure)) for name, table in tables.items()]
    rows = list(dict.fromkeys(row for table in tables.values() for row in table.rows))
    return dots_html([column for column in columns if column.cells], rows, title_of(measure))


def dots_html(columns: Sequence[Column], rows: Sequence[str], title: str = "", *, is_coloured: bool = False) -> str:
    """Return a table; all columns of one measure share one scale.  A whisker is the 95% interval."""
    scales = {c.measure: _scale([e for d in columns if d.measure == c.measure for e in d.cells.values()])
              for c in columns}  # fmt: skip
    heads = "".join(f'<th scope="col" style="text-align:left;padding:2px 8px">{_safe(c.title)}</th>' for c in columns)
    body = "".join(_row(row, columns, scales, _colour(at, is_coloured)) for at, row in enumerate(rows))
    ends = "".join(f'<td style="padding:0 8px">{_ends(c, scales[c.measure])}</td>' for c in columns)
    caption = f'<caption style="text-align:left;font-weight:600">{_safe(title)}</caption>' if title else ""
    return (
        '<div style="overflow-x:auto" tabindex="0" role="group" aria-label="What was measured">'
        f'<table class="dots" style="width:100%;border-collapse:collapse;font-size:0.9rem">{caption}'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{body}"
        f'<tr style="{_LINE}"><td></td>{ends}</tr></tbody></table></div>'
    )


def _row(row: str, columns: Sequence[Column], scales: Mapping[str, tuple[float, float]], colour: str) -> str:
    cells = "".join(f'<td style="padding:3px 8px">{_cell(c, row, scales[c.measure], colour)}</td>' for c in columns)
    head = f'<th scope="row" style="text-align:left;font-weight:400;padding:3px 8px 3px 0">{_safe(row)}</th>'
    return f'<tr style="{_LINE}">{head}{cells}</tr>'


def _cell(column: Column, row: str, scale: tuple[float, float], colour: str) -> str:
    estimate = column.cells.get(row)
    if estimate is None:
        return "–"
    half = interval_of(estimate)
    said = number(column.measure, estimate.mean)
    if half:
        said += f" ± {number(column.measure, half, is_gap=True).removesuffix(' points')}"
    words = f'<span style="white-space:nowrap;font-variant-numeric:tabular-nums">{_safe(said)}</span>'
    if column.measure in _NUMBER_ONLY:
        return words
    return f'<div style="display:flex;align-items:center;gap:8px">{_track(estimate, half, scale, colour)}{words}</div>'


def _track(estimate: Estimate, half: float | None, scale: tuple[float, float], colour: str) -> str:
    """Return a dot with its whisker; all of borders, which printers print where they leave out backgrounds."""
    at, low, high = (_share(estimate.mean + side * (half or 0), scale) for side in (0, -1, 1))
    whisker = (
        f'<span style="position:absolute;top:6px;left:{low:.1f}%;width:{high - low:.1f}%;'
        f'border-top:2px solid {colour}"></span>'
        if half
        else ""
    )
    return (
        '<span aria-hidden="true" style="position:relative;display:inline-block;flex:1;min-width:34px;height:14px;'
        f'border-left:1px solid rgba(128,128,128,0.5)">{whisker}<span style="position:absolute;top:2px;'
        f'left:calc({at:.1f}% - 5px);width:0;height:0;border:5px solid {colour};border-radius:50%"></span></span>'
    )


def _cells(table: Table, measure: str) -> dict[str, Estimate]:
    found = {row: table.estimate(measure, row) for row in table.rows}
    return {row: estimate for row, estimate in found.items() if estimate is not None}


def _scale(estimates: Sequence[Estimate]) -> tuple[float, float]:
    """Return the ends of an axis that holds all dots; whiskers may be cut."""
    values = [estimate.mean for estimate in estimates]
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    pad = 0.15 * (high - low) or abs(high) * 0.1 or 0.1
    step = 10 ** math.floor(math.log10(high - low + 2 * pad)) / 2
    least = math.floor((low - pad) / step) * step
    most = math.ceil((high + pad) / step) * step
    return (max(0.0, least) if low >= 0 else least), min(most, most if high > 1 else max(high, 1.0))


def _share(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    return 100 * min(1.0, max(0.0, (value - low) / (high - low)))


def _ends(column: Column, scale: tuple[float, float]) -> str:
    if column.measure in _NUMBER_ONLY:
        return ""
    low, high = (f"{100 * end:.0f}%" if is_share(column.measure) else f"{end:.3g}" for end in scale)
    return f'<span style="font-size:0.85em">scale from {low} to {high}</span>'


def _colour(at: int, is_coloured: bool) -> str:
    return run_line(at)[0] if is_coloured else _MARK


def _safe(text: str) -> str:
    return html.escape(text)

"""A race as one HTML file: verdict, standings, curves, cost, errors and settings, with no network needed."""

from __future__ import annotations

from collections.abc import Sequence

from tlviz.data.images import dataset_title
from tlviz.export.html_parts import document, share, versions
from tlviz.export.report import Told, errors_part, moved_part, tell
from tlviz.figures.compare import Cost, plot_cost
from tlviz.figures.page import chart_part
from tlviz.figures.race import Axis, Measure, plot_race, race_lines
from tlviz.figures.seeds import plot_seeds
from tlviz.runs.compare import differing_settings, pareto_front
from tlviz.runs.notes import read_notes
from tlviz.runs.overview import overview
from tlviz.runs.places import race_places
from tlviz.runs.races.race import Race, read_race
from tlviz.runs.races.standings import Standing, standings
from tlviz.runs.races.verdict import error_words, mark, verdict
from tlviz.runs.source_left import forgot_words
from tlviz.runs.source_left_in_race import left_in_standing
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.titles import letters

MOST_SHOWN = 4
"""So many of the best are shown with their errors and with what moved."""
OWN = ("race", "race_number", "members")


def race_report_html(run: RunFolder) -> str:
    """Return a report on a race, at any moment of its life, as one self-contained HTML file."""
    race = read_race(run)
    ranked = standings(race)
    notes = read_notes(run)
    target = dataset_title(race.data)
    title = notes.name or f"{target}: {len(race.values)} {'strategies' if race.sweep == 'strategy' else 'values'} raced"
    shown = _best_runs(race, ranked)
    settings, differ = _settings(race)
    return document(
        "race.html",
        title=title,
        subject=f"{target} · {race.model}",
        verdict=verdict(race, ranked),
        words=notes.text,
        trouble=race.trouble,
        standings=[_line(race, at, standing) for at, standing in enumerate(ranked, 1)],
        error_words=error_words(race, ranked),
        notes=race.notes,
        curves=_curves(race),
        seeds=_seeds(race, ranked),
        errors=errors_part(shown),
        moved=moved_part(shown),
        runs=_runs(race),
        settings=settings,
        differ=differ,
        about=[
            ("target", race.data),
            ("network", race.model),
            ("race", race.name),
            ("versions here", ", ".join(versions())),
        ],
        **_cost(race, ranked),
    )


def _best_runs(race: Race, ranked: Sequence[Standing]) -> list[Told]:
    """Return a run of each of the best values: that of its first seed, in the order of the standings."""
    rows = {row.run: row for row in overview()}
    firsts = [(standing.words, next((name for name in standing.runs if name in rows), None)) for standing in ranked]
    known = [(words, rows[name]) for words, name in firsts if name is not None][:MOST_SHOWN]
    places = race_places(race)
    seed = f", seed {known[0][1].seed}" if known and len({member.seed for member in race.members}) > 1 else ""
    return [
        tell(letter, words + seed, row, places[words])
        for letter, (words, row) in zip(letters(len(known)), known, strict=True)
    ]


def _line(race: Race, rank: int, standing: Standing) -> tuple[object, ...]:
    return (
        rank if standing.accuracy is not None else "",
        standing.words,
        share(standing.accuracy, standing.error),
        mark(standing, is_first=rank == 1),
        None if standing.trainable_parameters is None else f"{standing.trainable_parameters:,}",
        None if standing.seconds is None else f"{standing.seconds:,.1f}",
        None if standing.memory_mb is None else f"{standing.memory_mb:,.0f} MB",
        forgot_words(left_in_standing(race, standing)) or None,
        standing.seeds,
    )


def _curves(race: Race) -> list[str]:
    epochs = max((member.epochs for member in race.members), default=1)
    charts = []
    for measure in (Measure.ACCURACY, Measure.LOSS):
        lines = race_lines(race, measure, Axis.EPOCHS)
        figure = plot_race(lines, measure, Axis.EPOCHS, is_log=False, epochs=epochs, revision=measure, with_legend=True)
        charts.append(chart_part(figure, f"race_{measure}"))
    return charts


def _seeds(race: Race, ranked: Sequence[Standing]) -> str | None:
    """Return the chart of every seed, None before there is one."""
    if all(standing.accuracy is None for standing in ranked):
        return None
    return chart_part(plot_seeds(ranked, race_places(race), "seeds"), "race_seeds")


def _cost(race: Race, ranked: Sequence[Standing]) -> dict[str, str | None]:
    """Return the chart of cost, None where there are fewer than two, and who is on its front."""
    places = race_places(race)
    costs = [
        Cost(one.words, one.seconds, one.accuracy, one.error or 0.0, places[one.words])
        for one in ranked
        if one.accuracy is not None and one.seconds is not None and one.seconds > 0
    ]
    if len(costs) < 2:
        return {"cost": None, "front": None}
    front = pareto_front([cost.cost for cost in costs], [cost.accuracy for cost in costs])
    chart = chart_part(plot_cost(costs, front, "seconds", is_log=False), "cost")
    return {"cost": chart, "front": ", ".join(costs[at].name for at in front)}


def _runs(race: Race) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for member in sorted(race.members, key=lambda member: member.number):
        best = member.curve.best
        accuracy = share(best.val_accuracy) if best else None
        told = (member.words, member.seed, str(member.state), accuracy, best.epoch if best else None)
        rows.append((*told, member.run, member.curve.error or ""))
    return rows


def _settings(race: Race) -> tuple[list[tuple[str, object]] | None, str]:
    """Return what all runs have in common, None without runs, and the names of what differs."""
    members = [
        {name: value for name, value in member.settings.items() if name not in OWN}
        for member in sorted(race.members, key=lambda member: member.number)
    ]
    if not members:
        return None, ""
    differing = differing_settings(members)
    common = [(name, value) for name, value in members[0].items() if name not in differing]
    return common, ", ".join(differing) or "nothing"

"""A race as one HTML file: verdict, standings, curves, cost, errors and settings, with no network needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tlviz.data.pixels.images import dataset_title
from tlviz.export.html_parts import aid, document, share, table, text, versions
from tlviz.export.report import Told, errors_part, moved_part, tell
from tlviz.figures.compare import Cost, plot_cost
from tlviz.figures.page import chart_part
from tlviz.figures.race import Axis, Measure, plot_race, race_lines
from tlviz.runs.compare import differing_settings, pareto_front
from tlviz.runs.notes import read_notes
from tlviz.runs.overview import overview
from tlviz.runs.races.race import Race, read_race
from tlviz.runs.races.standings import Standing, standings
from tlviz.runs.races.verdict import NOISE, error_words, verdict
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
    parts = [f"<p>{text(verdict(race, ranked))}</p>", *([f"<p>{text(notes.text)}</p>"] if notes.text else [])]
    if race.trouble:
        parts.append(aid(race.trouble))
    for section in (_standings(race, ranked), _curves(race), _cost(race, ranked)):
        parts += section
    if shown:
        parts += [*errors_part(shown), *moved_part(shown)]
    parts += [*_runs(race), *_settings(race), *_about(race)]
    return document(title, f"{target} · {race.model}", "\n".join(parts))


def _best_runs(race: Race, ranked: Sequence[Standing]) -> list[Told]:
    """Return a run of each of the best values: that of its first seed, in the order of the standings."""
    rows = {row.run: row for row in overview()}
    firsts = [(standing.words, next((name for name in standing.runs if name in rows), None)) for standing in ranked]
    known = [(words, rows[name]) for words, name in firsts if name is not None][:MOST_SHOWN]
    seed = f", seed {known[0][1].seed}" if known and len({member.seed for member in race.members}) > 1 else ""
    return [tell(letter, words + seed, row) for letter, (words, row) in zip(letters(len(known)), known, strict=True)]


def _standings(race: Race, ranked: Sequence[Standing]) -> Iterator[str]:
    yield "<h2>Standings</h2>"
    heads = (
        "",
        "what",
        "best validation accuracy",
        "against the best",
        "trains",
        "seconds",
        "memory",
        "forgot",
        "seeds",
    )
    yield table(heads, [_line(at, standing) for at, standing in enumerate(ranked, 1)])
    yield aid(
        f"{error_words(race, ranked)} Seconds are as if each run were alone; forgot is the share of source pictures "
        "that are no longer named as before."
    )
    for note in race.notes:
        yield aid(note)


def _line(rank: int, standing: Standing) -> tuple[object, ...]:
    noise = {None: "", True: "behind", False: NOISE}[standing.is_distinguishable]
    return (
        rank if standing.accuracy is not None else "",
        standing.words,
        share(standing.accuracy, standing.error),
        "dropped early" if standing.is_dropped else noise,
        None if standing.trainable_parameters is None else f"{standing.trainable_parameters:,}",
        None if standing.seconds is None else f"{standing.seconds:,.1f}",
        None if standing.memory_mb is None else f"{standing.memory_mb:,.0f} MB",
        None if standing.source_kept is None else f"{1 - standing.source_kept:.0%}",
        standing.seeds,
    )


def _curves(race: Race) -> Iterator[str]:
    epochs = max((member.epochs for member in race.members), default=1)
    yield "<h2>Curves</h2>"
    for measure in (Measure.ACCURACY, Measure.LOSS):
        lines = race_lines(race, measure, Axis.EPOCHS)
        figure = plot_race(lines, measure, Axis.EPOCHS, is_log=False, epochs=epochs, revision=measure, with_legend=True)
        yield chart_part(figure, f"race_{measure}")
    yield aid(
        "Mean over the seeds, the band is their range. Epoch 0 is validation before training; a star is the best "
        "epoch, a tick says that more stages are unfrozen from there."
    )


def _cost(race: Race, ranked: Sequence[Standing]) -> Iterator[str]:
    places = {words: place for place, words in enumerate(race.values)}
    costs = [
        Cost(one.words, one.seconds, one.accuracy, one.error or 0.0, places[one.words])
        for one in ranked
        if one.accuracy is not None and one.seconds is not None and one.seconds > 0
    ]
    if len(costs) < 2:
        return
    front = pareto_front([cost.cost for cost in costs], [cost.accuracy for cost in costs])
    yield "<h2>Cost</h2>" + chart_part(plot_cost(costs, front, "seconds", is_log=False), "cost")
    yield aid(f"On the dotted front nothing is better for less: {', '.join(costs[at].name for at in front)}.")


def _runs(race: Race) -> Iterator[str]:
    yield "<h2>Runs</h2>"
    rows = []
    for member in sorted(race.members, key=lambda member: member.number):
        best = member.curve.best
        accuracy = share(best.val_accuracy) if best else None
        told = (member.words, member.seed, str(member.state), accuracy, best.epoch if best else None)
        rows.append((*told, member.run, member.curve.error or ""))
    yield table(("what", "seed", "state", "best", "epoch", "run", ""), rows)


def _settings(race: Race) -> Iterator[str]:
    """Tell what the runs have in common, and what differs."""
    members = [
        {name: value for name, value in member.settings.items() if name not in OWN}
        for member in sorted(race.members, key=lambda member: member.number)
    ]
    if not members:
        return
    differing = differing_settings(members)
    yield "<h2>Settings</h2>"
    differ = ", ".join(differing) or "nothing"
    yield aid(f"Between the runs differs: {differ}. All other settings are the same for every run.")
    common = [(name, value) for name, value in members[0].items() if name not in differing]
    yield f"<details><summary>the same for all</summary>{table(('setting', 'value'), common)}</details>"


def _about(race: Race) -> Iterator[str]:
    yield "<h2>Versions</h2>"
    rows = [
        ("target", race.data),
        ("network", race.model),
        ("race", race.name),
        ("versions here", ", ".join(versions())),
    ]
    yield table(("", ""), rows)

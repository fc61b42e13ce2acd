"""Trying a card: starting its prepared race or profile as an ordinary job, and reading the numbers off it."""

from __future__ import annotations

from collections.abc import Iterable

from tlviz.diagnose.profile_store import find_profile
from tlviz.diagnose.records import Profile
from tlviz.learn.cards import Experiment, Kind
from tlviz.learn.quantities import QUANTITIES, STAGE_QUANTITIES
from tlviz.learn.results import Table
from tlviz.runs.launch import start_profile, start_race
from tlviz.runs.races.plan import PLAN
from tlviz.runs.races.race import Race, folder_of, read_race
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.summary import summarise


def start_experiment(experiment: Experiment, seeds: tuple[int, ...]) -> RunFolder:
    """Start a prepared race with these seeds, or the profile, and return its folder.  Raises ``TlvizError``."""
    if experiment.kind is Kind.PROFILE:
        return start_profile(experiment.request())
    configs, labels = experiment.configs(seeds)
    return start_race(configs, PLAN, labels=labels)


def measured_table(experiment: Experiment, run: RunFolder | None, measures: Iterable[str]) -> Table | None:
    """Return the numbers of an experiment that has ended, None where there are none yet.  Raises ``TlvizError``.

    A profile is found without its job's folder, whoever made it.
    """
    if experiment.kind is Kind.PROFILE:
        profile = find_profile(experiment.request())
        return profile_table(profile, measures) if profile else None
    if run is None:
        return None
    table = race_table(run, read_race(run), measures)
    return table if table.rows else None


def race_table(run: RunFolder, race: Race, measures: Iterable[str]) -> Table:
    """Return the numbers of a race's finished runs by their labels and seeds."""
    values: dict[str, dict[str, dict[str, float]]] = {measure: {} for measure in measures}
    for member in sorted(race.members, key=lambda member: member.number):
        if member.run is None or member.is_open or member.curve.error:
            continue
        summary = summarise(folder_of(run, member.run))
        for measure, table in values.items():
            found = QUANTITIES[measure].read(summary)
            if found is not None:
                table.setdefault(member.words, {})[str(member.seed)] = found
    return Table(values, {})


def profile_table(profile: Profile, measures: Iterable[str]) -> Table:
    """Return the numbers of a profile by stage."""
    values: dict[str, dict[str, dict[str, float]]] = {}
    errors: dict[str, dict[str, float]] = {}
    for measure in measures:
        row = STAGE_QUANTITIES[measure]
        found = {stage.name: (row.read(stage), row.error(stage)) for stage in profile.stages}
        values[measure] = {name: {"": value} for name, (value, _) in found.items() if value is not None}
        errors[measure] = {name: error for name, (_, error) in found.items() if error is not None}
    return Table(values, errors)

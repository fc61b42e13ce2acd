"""Which run of a race, or of several, is the one to take home."""

from __future__ import annotations

from collections.abc import Sequence

from tlviz.errors import BadSettingError
from tlviz.program import command
from tlviz.runs.races.noise import best
from tlviz.runs.races.race import Race, folder_of, read_race
from tlviz.runs.races.standings import Standing, standings
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.kinds import FINETUNE, RACE
from tlviz.runs.summary import summarise


def winner_weights(run: RunFolder, race: Race, ranked: Sequence[Standing]) -> str:
    """Return the run of the best value that has weights, of several seeds the one that reached most; '' without one."""
    over = {member.run: best(member) for member in race.members if not member.is_open}
    for standing in ranked:
        held = [name for name in standing.runs if name in over and folder_of(run, name).weights.exists()]
        if held:
            return max(held, key=over.__getitem__)
    return ""


def run_to_take(runs: Sequence[RunFolder]) -> RunFolder:
    """Return the run itself, the winner of a race, or of several the one that reached most.

    Raises ``BadSettingError`` where a race has no run with weights yet, several runs have different targets, or one is
    no fine-tuning run.
    """
    found = [_own_or_winner(run) for run in runs]
    if len(found) == 1:
        return found[0]
    summaries = [summarise(run) for run in found]
    if len({summary.data for summary in summaries}) > 1:
        raise BadSettingError(
            "These runs have different targets, so their accuracies cannot be compared; name one run, or runs of one "
            "target."
        )
    reached = [summary.best_val_accuracy or 0.0 for summary in summaries]
    return found[reached.index(max(reached))]


def _own_or_winner(run: RunFolder) -> RunFolder:
    kind = run.config()["kind"]
    if kind == FINETUNE:
        return run
    if kind != RACE:
        raise BadSettingError(
            f"{run.name} is not a fine-tuning run; name one that '{command('runs')}' lists, or a race."
        )
    race = read_race(run)
    name = winner_weights(run, race, standings(race))
    if not name:
        raise BadSettingError(f"No run of the race {run.name} has come to its end with weights yet; wait for one.")
    return folder_of(run, name)

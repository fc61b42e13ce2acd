"""What a race has shown, in one sentence: who leads, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tlviz.runs.chosen_epoch import choice_words
from tlviz.runs.paired_runs import SEEDS_FOR_PAIRS
from tlviz.runs.races.race import Race
from tlviz.runs.races.standings import Standing

NOISE = "not distinguishable"
BEHIND = "behind"
TOO_FEW = "too few seeds to tell"
MOST_NAMED = 2


def verdict(race: Race, ranked: Sequence[Standing], strong: Callable[[str], str] = str) -> str:
    """State who leads and whether that is more than noise; ``strong`` marks the words that matter."""
    return rank_verdict(ranked, strong, is_over=race.status.is_over)


def rank_verdict(ranked: Sequence[Standing], strong: Callable[[str], str] = str, *, is_over: bool = True) -> str:
    """State it of runs that are of no race too; ``is_over`` says whether no more will come."""
    first = ranked[0] if ranked else None
    if first is None or first.accuracy is None:
        return "The first points appear in a few seconds: validation before any training."
    name, score = strong(first.words), strong(f"{first.accuracy:.1%}{plus_minus(first.error)}")
    if len(ranked) == 1:
        return f"{name} reached {score}; there is nothing to compare it with."
    is_over = is_over and all(standing.is_over for standing in ranked)
    if first.is_won:
        return (
            f"{name} wins with {score}: more than noise."
            if is_over
            else f"{name} leads with {score}: more than noise so far."
        )
    near = [s for s in ranked[1:] if s.is_distinguishable is False and not s.is_dropped]
    rivals = [s.words for s in near]
    if rivals:
        names = f"{len(rivals)} others" if len(rivals) > MOST_NAMED else " and ".join(rivals)
        if all(s.gap == 0 for s in near):
            return f"{name} and {names} are level at {score}."
        are = "is" if len(rivals) == 1 else "are"
        return f"{name} is ahead with {score}, but {names} {are} {NOISE} from it."
    if not is_over:
        return f"{name} leads with {score} so far."
    seeds = max(standing.seeds for standing in ranked)
    runs = "one run of each" if seeds == 1 else f"{min(seeds, SEEDS_FOR_PAIRS - 1)} runs of each"
    return f"{name} is ahead with {score}, but {runs} cannot tell that from luck; race {SEEDS_FOR_PAIRS} seeds or more."


def mark(standing: Standing, *, is_first: bool) -> str:
    """Say in a word or two where a value stands against the leader, '' for the leader and where nothing is measured."""
    if standing.is_dropped:
        return "dropped early"
    if is_first or standing.accuracy is None:
        return ""
    return {None: TOO_FEW, True: BEHIND, False: NOISE}[standing.is_distinguishable]


def error_words(race: Race, ranked: Sequence[Standing]) -> str:
    """Explain the numbers behind the plus-minus sign, and how marks are made."""
    seeds = max((standing.seeds for standing in ranked), default=0)
    images = max((member.curve.validation_images for member in race.members), default=0)
    if seeds >= SEEDS_FOR_PAIRS:
        noise = (
            f"± is one standard error of {images:,} validation images and {seeds} seeds together; “{BEHIND}” and "
            f"“{NOISE}” are for all marks of the race together (seeds as blocks, Tukey, 95%)."
        )
    elif seeds == 2:
        noise = (
            f"± is one standard error of {images:,} validation images and 2 seeds together; "
            f"{SEEDS_FOR_PAIRS} seeds are needed to tell luck."
        )
    else:
        noise = (
            f"± is one standard error of {images:,} validation images alone: with one seed nobody knows how far runs "
            f"differ by luck; race {SEEDS_FOR_PAIRS} seeds."
        )
    first = ranked[0] if ranked else None
    if first is None or first.accuracy is None:
        return noise
    return f"{noise} {choice_words(first.accuracy, first.without_choice)}"


def plus_minus(error: float | None) -> str:
    """Return a standard error as it stands behind its accuracy."""
    return f" ± {error:.1%}" if error is not None else ""

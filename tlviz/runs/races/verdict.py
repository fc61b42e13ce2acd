"""What a race has shown, in one sentence: who leads, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tlviz.runs.races.race import Race
from tlviz.runs.races.standings import SEEDS_FOR_PAIRS, Standing

NOISE = "not distinguishable"
MOST_NAMED = 2
_JUDGED_BY_SEEDS = "noise is judged by the differences seed by seed (paired, 95%)."
_JUDGED_BY_IMAGES = "noise is judged by the images that only one of two runs gets right (McNemar, 95%)."


def verdict(race: Race, ranked: Sequence[Standing], strong: Callable[[str], str] = str) -> str:
    """State who leads and whether that is more than noise; ``strong`` marks the words that matter."""
    first = ranked[0] if ranked else None
    if first is None or first.accuracy is None:
        return "The first points appear in a few seconds: validation before any training."
    score = f"{first.accuracy:.1%}{plus_minus(first.error)}"
    rivals = [s.words for s in ranked[1:] if s.is_distinguishable is False and not s.is_dropped]
    if rivals:
        names = f"{len(rivals)} others" if len(rivals) > MOST_NAMED else " and ".join(rivals)
        are = "is" if len(rivals) == 1 else "are"
        return f"{strong(first.words)} is ahead with {strong(score)}, but {names} {are} {NOISE} from it."
    verb = "wins" if race.status.is_over and all(standing.is_over for standing in ranked) else "leads"
    is_early = any(standing.accuracy is None for standing in ranked)
    more = " so far." if is_early else ": more than noise." if len(ranked) > 1 else "."
    return f"{strong(first.words)} {verb} with {strong(score)}{more}"


def error_words(race: Race, ranked: Sequence[Standing]) -> str:
    """Explain the numbers behind the plus-minus sign."""
    seeds = max((standing.seeds for standing in ranked), default=0)
    images = max((member.curve.validation_images for member in race.members), default=0)
    if seeds >= SEEDS_FOR_PAIRS:
        return f"± is one standard error over {seeds} seeds; {_JUDGED_BY_SEEDS}"
    error = "over the seeds" if seeds > 1 else f"of {images:,} validation images"
    return f"± is one standard error {error}; {_JUDGED_BY_IMAGES}"


def plus_minus(error: float | None) -> str:
    """Return a standard error as it stands behind its accuracy."""
    return f" ± {error:.1%}" if error is not None else ""

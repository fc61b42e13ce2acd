"""What a search for the best model has found, read from its race."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tlviz.errors import BadSettingError
from tlviz.runs.races.noise import best
from tlviz.runs.races.race import BEST, Member, Race, read_race
from tlviz.runs.store.folder import RunFolder

MOST_RUNNERS_UP = 5


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """Another run, its validation accuracy, and how far that is behind the winner's on the same images."""

    run: str
    words: str
    val_accuracy: float
    behind: float


@dataclass(frozen=True, slots=True)
class Best:
    """The winner of a search: ``accuracy`` is on images that no choice has seen, with its 90% ``interval``.

    ``signal`` False says that there is nothing to learn; then there is no ``run`` to take.  ``estimated_on`` says which
    images judged, ``guessing`` what naming the commonest class gives there.  ``minutes`` is the time that was spent.
    """

    race: str
    run: str | None
    words: str
    strategy: str | None
    freeze: int | None
    head_lr: float | None
    backbone_lr: float | None
    accuracy: float | None
    interval: tuple[float, float] | None
    estimated_on: str | None
    judged_images: int | None
    guessing: float | None
    signal: bool
    runners_up: tuple[RunnerUp, ...]
    minutes: float
    more_time: str

    @property
    def summary(self) -> str:
        """Say what was found, how sure that is, and what more time would probably buy."""
        if self.accuracy is None or self.interval is None:
            how = "too few pictures tell what it is worth"
            return f"{self.words}; {how}." if self.run else "No signal, and too few pictures to tell."
        low, high = self.interval
        found = f"{self.accuracy:.1%} (90 % interval {low:.1%} to {high:.1%}, {self.judged_images:,} images of the "
        judged = f"{found}{self.estimated_on})"
        if not self.signal:
            return (
                f"There is nothing to learn here that these networks can see: {judged} is no better than guessing, "
                f"{self.guessing or 0:.1%}. No model is delivered; check the labels, or add pictures."
            )
        return f"{self.words} reaches {judged}. {self.more_time}".strip()


def is_search(run: RunFolder) -> bool:
    """Return whether a race is a search for the best model."""
    return bool(run.config()["settings"].get(BEST))


def read_best(run: RunFolder) -> Best:
    """Return what a search found.  Raises ``BadSettingError`` where it has not come to its end."""
    events = run.events()
    ended: dict[str, Any] = events[-1] if events and events[-1].get("event") == "finished" else {}
    race = read_race(run)
    winner = next((m for m in race.members if m.run and m.run == ended.get("winner")), None)
    if winner is None:
        raise BadSettingError(
            race.trouble or f"The search {run.name} has no winner yet; wait for its end or resume it."
        )
    settings, signal, interval = winner.settings, bool(ended.get("signal")), ended.get("interval")
    return Best(
        race=run.name,
        run=winner.run if signal else None,
        words=winner.words,
        strategy=str(settings["strategy"]) if signal else None,
        freeze=_freeze(winner) if signal else None,
        head_lr=settings["head_lr"] if signal else None,
        backbone_lr=settings["backbone_lr"] if signal else None,
        accuracy=ended.get("accuracy"),
        interval=(interval[0], interval[1]) if interval else None,
        estimated_on=ended.get("estimated_on"),
        judged_images=ended.get("judged_images"),
        guessing=ended.get("guessing"),
        signal=signal,
        runners_up=_runners_up(race, winner),
        minutes=float(ended.get("minutes", 0.0)),
        more_time=more_time(race, winner),
    )


def more_time(race: Race, winner: Member) -> str:
    """Say what more minutes would probably buy, from the winner's curve and what the changes of the leader gained."""
    points = winner.curve.points
    late = [point.val_accuracy for point in points if point.epoch > 0.7 * winner.epochs]
    early = [point.val_accuracy for point in points if point.epoch <= 0.7 * winner.epochs]
    field = [best(m) for m in race.members if m.curve.best and not m.words.startswith("leader")]
    tried = sum(1 for m in race.members if m.curve.best and m.words.startswith("leader"))
    gain = best(winner) - max(field, default=best(winner))
    if late and early and max(late) > max(early):
        rise = f"it still rose by {100 * (max(late) - max(early)):.1f} points in the last third of its epochs"
        return f"More time may help: {rise}."
    if tried and gain <= 0:
        return f"More time would probably buy little: {tried} changes to the leader brought nothing."
    if tried:
        return (
            f"Changes to the leader brought {100 * gain:.1f} points in validation; more time may bring less than that."
        )
    return "More time would allow changes to the leader, for which there was none."


def _runners_up(race: Race, winner: Member) -> tuple[RunnerUp, ...]:
    others = [m for m in race.members if m.run and m.run != winner.run and m.curve.best]
    ranked = sorted(others, key=lambda m: (-best(m), m.number))[:MOST_RUNNERS_UP]
    return tuple(RunnerUp(str(m.run), m.words, best(m), best(winner) - best(m)) for m in ranked)


def _freeze(winner: Member) -> int | None:
    """Return how many stages were frozen in the end; None where that is not a number of the first ones."""
    told = winner.settings.get("freeze")
    return told if isinstance(told, int) else {"full": 0, "two_phase": 0}.get(str(winner.settings.get("strategy")))

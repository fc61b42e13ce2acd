"""How advice turned out: the plans that ran on equal terms, the advised one against the best, each with its error."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot
from statistics import mean

from tlviz.measures.paired import normal_95, unpack_hits
from tlviz.measures.repeated import mean_accuracy_error, run_variance
from tlviz.runs.advice.record import AdviceRecord, Outcome, Plan, plan_of
from tlviz.runs.paired_runs import Gap, Scored, compare_pairs


@dataclass(frozen=True, slots=True)
class PlanStanding:
    """A plan's mean validation accuracy over its runs, at its best rates, with one standard error."""

    strategy: str
    freeze: int
    extra: str
    accuracy: float
    se: float
    runs: int
    is_advised: bool
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class AdviceVerdict:
    """The plans on equal terms, the best first; ``left_out`` runs were on other terms."""

    standings: tuple[PlanStanding, ...]
    left_out: int

    @property
    def advised(self) -> PlanStanding | None:
        """Return how the advised plan did, None before it ran."""
        return next((standing for standing in self.standings if standing.is_advised), None)

    @property
    def regret(self) -> Gap | None:
        """Return how far the advised plan is below the best, None before both ran."""
        if self.advised is None or len(self.standings) < 2:
            return None
        return between(self.standings[0], self.advised)


def between(first: PlanStanding, second: PlanStanding) -> Gap:
    """Compare two plans: by their runs of the same seeds where they have any, else by their means."""
    pairs = [
        (_scored(one), _scored(other))
        for one in first.outcomes
        for other in second.outcomes
        if one.seed == other.seed and one.images == other.images
    ]
    if pairs and len(pairs) == len(first.outcomes) == len(second.outcomes):
        return compare_pairs(pairs)
    gap, error = first.accuracy - second.accuracy, hypot(first.se, second.se)
    return Gap(gap, error, abs(gap) > normal_95() * error)


def _scored(outcome: Outcome) -> Scored:
    return Scored(outcome.accuracy, outcome.images, outcome.hits)


def judge(record: AdviceRecord) -> AdviceVerdict:
    """Compare the plans among runs on equal terms: those terms under which most plans ran, the newest of several."""
    by_terms: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in record.outcomes:
        by_terms[outcome.terms].append(outcome)
    if not by_terms:
        return AdviceVerdict((), 0)
    chosen = max(by_terms.values(), key=lambda group: (len({o.plan for o in group}), group[-1].when))
    last = record.advised[-1] if record.advised else None
    wanted = plan_of(last.strategy, last.freeze) if last else None
    plans: dict[Plan, list[Outcome]] = defaultdict(list)
    for outcome in chosen:
        plans[outcome.plan].append(outcome)
    standings = [_standing(group, is_advised=plan == wanted) for plan, group in plans.items()]
    order = sorted(standings, key=lambda s: (-s.accuracy, not s.is_advised, s.freeze, s.strategy))
    return AdviceVerdict(tuple(order), len(record.outcomes) - len(chosen))


def accuracy_and_error(outcomes: Iterable[Outcome]) -> tuple[float, float]:
    """Return the mean accuracy of runs and one standard error of it: images and seeds together."""
    runs = list(outcomes)
    accuracies = [run.accuracy for run in runs]
    hits = [right for run in runs if (right := unpack_hits(run.hits, run.images)) is not None]
    error = mean_accuracy_error(accuracies, min(run.images for run in runs), hits, run_variance([hits]))
    return mean(accuracies), error


def _standing(outcomes: list[Outcome], *, is_advised: bool) -> PlanStanding:
    by_rates: dict[tuple[float, float], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_rates[outcome.head_lr, outcome.backbone_lr].append(outcome)
    best = max(by_rates.values(), key=lambda group: mean(outcome.accuracy for outcome in group))
    accuracy, error = accuracy_and_error(best)
    last = best[-1]
    return PlanStanding(last.strategy, last.freeze, last.extra, accuracy, error, len(best), is_advised, tuple(best))

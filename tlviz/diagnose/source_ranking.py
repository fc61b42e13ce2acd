"""Which source fits a target best, from the profiles of several networks on the same images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tlviz.diagnose.advice import LEAST_DIFFERENCE, best_stage
from tlviz.diagnose.records import Contest, Profile
from tlviz.errors import BadSettingError
from tlviz.measures.balanced import balanced_mean
from tlviz.measures.paired import LEVEL, normal_95
from tlviz.measures.sign_test import sign_test


def compare_sources(profiles: Sequence[Profile]) -> tuple[Contest, ...]:
    """Rank networks by the probe at their best stage, the best first, on the images that all profiles looked at.

    Differences are those of paired images; what may be noise (95%, Bonferroni's bound for all networks together, and
    McNemar's exact test where few images differ) or is within one point of the best is a tie.
    Raises ``BadSettingError`` where the profiles are of different targets or share no images.
    """
    if not profiles:
        return ()
    shared = set(profiles[0].names).intersection(*(profile.names for profile in profiles[1:]))
    if len({profile.data for profile in profiles}) > 1 or not shared:
        raise BadSettingError("Networks can only be compared on the same images; choose profiles of one target.")
    order = sorted(shared)
    label_of = dict(zip(profiles[0].names, profiles[0].labels, strict=True))
    labels = np.array([label_of[name] for name in order])
    right = [_right(profile, order) for profile in profiles]
    scores = [balanced_mean(values, labels) for values in right]
    ranking = sorted(range(len(profiles)), key=lambda at: -scores[at][0])
    best = ranking[0]
    contests = []
    for at in ranking:
        behind, behind_se = balanced_mean(right[best] - right[at], labels)
        contests.append(
            Contest(
                model=profiles[at].model,
                stage=best_stage(profiles[at].stages).name,
                probe=scores[at][0],
                probe_se=scores[at][1],
                behind=behind,
                behind_se=behind_se,
                is_tied=at == best or _is_tied(right[best] - right[at], behind, behind_se, len(profiles) - 1),
            )
        )
    return tuple(contests)


def _is_tied(
    differences: np.ndarray[tuple[int], np.dtype[np.float64]], behind: float, behind_se: float, comparisons: int
) -> bool:
    """Return whether a network so far behind the best may be as good; differences of the hits (n,)."""
    if behind <= max(normal_95(comparisons) * behind_se, LEAST_DIFFERENCE):
        return True
    return sign_test(int((differences > 0).sum()), int((differences < 0).sum())) > LEVEL / comparisons


def _right(profile: Profile, order: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return 1 where the probe at the best stage was right, in the order of the images' names: (n,)."""
    found = dict(zip(profile.names, best_stage(profile.stages).correct, strict=True))
    return np.array([float(found[name]) for name in order])

"""How often the 90% interval of a search holds: ``python -m tests.bench.interval_coverage``.

A trial does what a search does, on features instead of pictures so that hundreds take a minute: it draws a small target
from a large pool, keeps a fifth from all choices, picks the best of a dozen classifiers on the validation part, and
says what it is worth on the kept part; where none is kept, by resampling the validation part (nested).  The truth is
the accuracy on all the rest of the pool, its classes weighted as in the target: a split keeps the shares of the
classes, and with 25 pictures a class another mix of classes alone is worth two points.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import scale

from tlviz.data.training.splits import SplitPlan, split_images
from tlviz.runs.best.judge import HELD_OUT, Estimate, nested, on_part

Floats = NDArray[np.float64]
SIZES = {"digits": 250, "breast cancer": 150}


def pools() -> Iterator[tuple[str, Floats, NDArray[np.int64]]]:
    """Give features (N, D), with noise so that they are not trivial, and labels (N,)."""
    generator = np.random.default_rng(0)
    for name, load in (("digits", load_digits), ("breast cancer", load_breast_cancer)):
        x, y = load(return_X_y=True)
        yield name, scale(x) + generator.normal(0, 1.5, x.shape), y.astype(np.int64)


def trial(x: Floats, y: NDArray[np.int64], size: int, seed: int, share: float) -> tuple[Estimate, float]:
    """Return what a search says of its winner, and the winner's accuracy on the rest of the pool."""
    drawn = np.random.default_rng(seed).permutation(len(y))
    own, rest = drawn[:size], drawn[size:]
    split = split_images(y[own], [""] * size, seed, SplitPlan(share))
    train, validation, test = own[split.train], own[split.validation], own[split.test]
    entrants = [
        *(LogisticRegression(C=c, max_iter=300) for c in (1e-3, 1e-2, 0.1, 1)),
        *(KNeighborsClassifier(k) for k in (1, 3, 7, 15)),
        GaussianNB(),
        *(RandomForestClassifier(30, max_depth=depth, random_state=seed) for depth in (2, 5, None)),
    ]
    hits = []
    for entrant in entrants:
        entrant.fit(x[train], y[train])
        hits.append(entrant.predict(x[validation]) == y[validation])
    winner = entrants[int(np.argmax([right.mean() for right in hits]))]
    right, classes = winner.predict(x[rest]) == y[rest], np.unique(y[own])
    by_class = np.array([right[y[rest] == label].mean() for label in classes])
    truth = float(by_class @ np.array([(y[own] == label).mean() for label in classes]))
    told = on_part(winner.predict(x[test]) == y[test], 0, HELD_OUT) if share else nested(hits, 0)
    assert told is not None
    return told, truth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    trials = parser.parse_args().trials
    print("| features | estimated on | trials | interval holds the truth | mean error, points |\n|---|---|---|---|---|")
    for name, x, y in pools():
        for share in (0.2, 0.0):
            found = [trial(x, y, SIZES[name], seed, share) for seed in range(trials)]
            held = np.mean([told.interval[0] <= truth <= told.interval[1] for told, truth in found])
            bias = 100 * np.mean([told.accuracy - truth for told, truth in found])
            print(f"| {name} | {found[0][0].estimated_on} | {trials} | {held:.0%} | {bias:+.1f} |", flush=True)


if __name__ == "__main__":
    main()

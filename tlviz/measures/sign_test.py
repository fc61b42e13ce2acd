"""Whether one side wins more often than a coin would explain."""

from __future__ import annotations

from math import comb


def sign_test(wins: int, losses: int) -> float:
    """Return the two-sided p value, 0 to 1, of wins against losses under a fair coin; ties are left out beforehand.

    The exact form of McNemar's test (1947): on paired images, wins are fixed and losses broken ones.
    """
    count, fewer = wins + losses, min(wins, losses)
    tail = sum(comb(count, at) for at in range(fewer + 1))
    return min(1.0, float(2 * tail / 2**count))

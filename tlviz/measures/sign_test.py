"""Whether one side wins more often than a coin would explain."""

from __future__ import annotations


def sign_test(wins: int, losses: int) -> float:
    """Return the two-sided p value, 0 to 1, of wins against losses under a fair coin; ties are left out beforehand.

    The exact form of McNemar's test (1947): on paired images, wins are fixed and losses broken ones.
    """
    from scipy.special import bdtr  # scipy takes a while to import

    return min(1.0, 2 * float(bdtr(min(wins, losses), wins + losses, 0.5)))

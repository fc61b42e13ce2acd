"""The sign test against coins counted by hand."""

from __future__ import annotations

from math import comb

import pytest

from tlviz.measures.sign_test import sign_test


def test_the_sign_test_of_a_few_coins() -> None:
    assert sign_test(0, 0) == 1
    assert sign_test(5, 0) == pytest.approx(2 / 32)
    assert sign_test(0, 5) == sign_test(5, 0)
    assert sign_test(7, 3) == pytest.approx(2 * (1 + 10 + 45 + 120) / 1024)
    assert sign_test(4, 4) == 1


@pytest.mark.parametrize(("wins", "losses"), [(1, 0), (3, 4), (12, 30), (200, 150), (900, 1100)])
def test_both_tails_are_summed_term_by_term(wins: int, losses: int) -> None:
    count = wins + losses
    tail = sum(comb(count, at) for at in range(min(wins, losses) + 1))
    assert sign_test(wins, losses) == pytest.approx(min(1.0, 2 * tail / 2**count), rel=1e-10)

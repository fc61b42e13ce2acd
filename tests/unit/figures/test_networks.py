"""Networks are ranked by their best probe, and ties are called so."""

from __future__ import annotations

from tlviz.diagnose.records import Contest
from tlviz.figures.networks import fit_in_words, plot_networks, ranked


def contest(model: str, probe: float, behind: float, *, is_tied: bool) -> Contest:
    return Contest(model, "top", probe, 0.02, behind, 0.015, is_tied)


def test_networks_are_ranked_and_drawn_the_best_on_top() -> None:
    contests = [contest("b", 0.7, 0.1, is_tied=False), contest("a", 0.8, 0.0, is_tied=True)]
    assert [c.model for c in ranked(contests)] == ["a", "b"]
    figure = plot_networks(contests, {"a": "Network A"})
    dots = figure.data[0]
    assert (list(dots.y), list(dots.x)) == (["b", "Network A"], [0.7, 0.8])
    assert list(dots.error_x.array) == [0.02, 0.02]
    assert list(dots.marker.symbol) == ["circle-open", "circle"]


def test_ties_are_called_ties() -> None:
    best, near, far = (
        contest("a", 0.8, 0.0, is_tied=True), contest("b", 0.79, 0.01, is_tied=True),
        contest("c", 0.7, 0.1, is_tied=False),
    )  # fmt: skip
    assert fit_in_words([far, near, best], {"a": "A"}).startswith("A tie: A and b are not distinguishable")
    assert fit_in_words([far, best], {}) == "a fits best: 80% at top, 10.0 ± 1.5 points above c."
    assert "measure another" in fit_in_words([best], {})

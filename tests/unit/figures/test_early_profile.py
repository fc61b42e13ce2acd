"""The growing curve: every stage has its place from the start, and the words follow what is known."""

from __future__ import annotations

import pytest

from tlviz.diagnose.early import EarlyStage
from tlviz.figures.early_profile import early_in_words, plot_early

STAGES = ("stem", "body", "top")
FIRST = EarlyStage("stem", 0.5, 0.02, 0.25)
BEST = EarlyStage("body", 0.75, 0.02, 0.25)
LAST = EarlyStage("top", 0.7, 0.02, 0.25)


def test_known_stages_are_drawn_on_axes_that_do_not_move() -> None:
    random, probe = plot_early(STAGES, [FIRST, EarlyStage("body", 0.75, 0.02, 0.25, 0.4)]).data
    assert (list(probe.x), list(probe.y), list(probe.error_y.array)) == (["stem", "body"], [0.5, 0.75], [0.02, 0.02])
    assert (list(random.x), list(random.y)) == (["body"], [0.4])
    for found in ([], [FIRST, BEST, LAST]):
        layout = plot_early(STAGES, found).layout
        assert (list(layout.xaxis.range), list(layout.yaxis.range)) == ([-0.5, 2.5], [0, 1.02])


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "The first stages appear here as soon as"),
        ([FIRST, BEST], "So far: best at body, 75.0% ± 2.0%; 2 of 3 stages are probed."),
        ([FIRST, BEST, LAST], "75.0% ± 2.0%. Next: random weights"),
        ([EarlyStage("stem", 0.5, 0.02, 0.25, 0.3), BEST, LAST], "random weights at 1 of 3 stages"),
    ],
)
def test_words_for_each_state(found: list[EarlyStage], words: str) -> None:
    assert words in early_in_words(STAGES, found)

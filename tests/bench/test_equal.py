"""What the comparison with the tutorial's loop says of accuracies, and where it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import document
from tests.bench.document import speed_table, write_between
from tests.bench.equal import SEEDS, compare, pairs, table
from tests.bench.speed import MODELS, SEVEN


def rows(ours: list[float], tutorial: list[float], strategy: str = "full") -> list[dict[str, object]]:
    fixed = {"model": MODELS[0], "data": "clipart", "strategy": strategy, "labels_per_class": None, "cache_mb": 2048}
    memory = {"ours_mb": 900.0, "tutorial_mb": 700.0}
    return [
        fixed | memory | {"seed": seed, "ours": one, "tutorial": other}
        for seed, (one, other) in enumerate(zip(ours, tutorial, strict=True))
    ]


def test_the_paired_difference_and_its_error_by_hand() -> None:
    """Differences 0.00, -0.02 and -0.04: mean -0.02, deviation 0.02, error 0.02 / sqrt(3)."""
    found = compare(rows([0.80, 0.70, 0.60], [0.80, 0.72, 0.64]))
    assert found["difference"] == pytest.approx(-0.02)
    assert found["error"] == pytest.approx(0.02 / 3**0.5)
    assert found["is_equal"] is False
    assert found["memory_fits"]


def test_equal_is_not_lower_by_more_than_one_error() -> None:
    assert compare(rows([0.80, 0.70], [0.80, 0.70]))["is_equal"] is True, "no difference and no error"
    assert compare(rows([0.80, 0.69], [0.70, 0.80]))["is_equal"] is True
    assert compare(rows([0.9, 0.9], [0.5, 0.6]))["is_equal"] is True
    assert compare(rows([0.9], [0.8]))["is_equal"] is None, "one pair has no error"


def test_every_case_is_compared_over_its_seeds_and_appears_in_the_table() -> None:
    planned = list(pairs(MODELS, ["clipart", "digits"], SEVEN))
    counts = {s: sum(pair["strategy"] == s for pair in planned) for s in SEVEN}
    assert counts == {s: 4 * SEEDS[s] for s in SEVEN}
    assert SEEDS["head_only"] == SEEDS["last_stages"] == 10
    assert set(SEEDS.values()) == {3, 10}
    assert {pair["seed"] for pair in pairs(MODELS, ["clipart"], SEVEN, 2)} == {0, 1}
    words = table(rows([0.80, 0.69], [0.70, 0.80]) + rows([0.1, 0.1], [0.2, 0.2], "head_only"))
    assert words.splitlines()[2].endswith("| -0.100 ± 0.000 | **lower** |")
    assert words.splitlines()[3].endswith("| -0.005 ± 0.105 | equal |")


def test_a_table_comes_between_its_marks_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    monkeypatch.setattr(document, "DOCUMENT", page)
    page.write_text("a\n<!-- x -->\nold\n<!-- x -->\nb\n", encoding="utf-8")
    write_between("x", "new \\1")
    assert page.read_text(encoding="utf-8") == "a\n<!-- x -->\nnew \\1\n<!-- x -->\nb\n"
    with pytest.raises(SystemExit, match="no two marks"):
        write_between("y", "")


@pytest.mark.parametrize("mark", ["curves", "speed", "equal"])
def test_the_benchmarks_have_a_place_for_every_table(mark: str) -> None:
    text = document.DOCUMENT.read_text(encoding="utf-8")
    assert text.count(f"<!-- {mark} -->") == 2


def test_the_speed_table_puts_the_networks_side_by_side_and_says_what_is_missing() -> None:
    row = {"name": f"all-{MODELS[0]}", "ours_s": 2.0, "baseline_s": 5.0, "ratio": 2.5, "over_floor": 1.25, "rounds": 1}
    words = speed_table([row | {"ours_memory_mb": 1234.4, "baseline_memory_mb": 700.0}])
    assert words.splitlines()[2] == (
        "| all seven | 2.0 s instead of 5.0 s, 2.5 times, one run | 1.25 | 1,234 instead of 700 | not measured | |  |"
    )

"""Where each probing task peaks, in one sentence."""

from __future__ import annotations

from tlviz.diagnose.probing_words import how_to_read, in_words, peak
from tlviz.diagnose.records import ProbedTask


def row(stage: str, accuracy: float) -> ProbedTask:
    return ProbedTask(stage=stage, accuracy=accuracy, se=0.01, random=0.5, random_se=0.01, chance=0.5)


def test_the_first_of_the_best_stages_is_the_peak() -> None:
    rows = [row("embeddings", 0.6), row("block1", 0.8), row("block2", 0.8)]
    assert peak(rows).stage == "block1"
    assert in_words({"grammar": rows}) == "Read best: grammar at block1 (80%, random weights 50%)."
    assert in_words({}) == ""


def test_the_caption_follows_the_numbers() -> None:
    early, late = [row("embeddings", 0.9), row("block1", 0.7)], [row("embeddings", 0.6), row("block1", 0.8)]
    assert "this order: surface, then meaning." in how_to_read({"surface": early, "meaning": late})
    assert "this order: meaning, then surface." in how_to_read({"surface": late, "meaning": early})
    assert "same stage" in how_to_read({"surface": late, "meaning": late})
    assert "Each peak is above" in how_to_read({"surface": early})
    assert "At the peak of grammar random weights do as well" in how_to_read({"grammar": [row("block1", 0.505)]})
    assert how_to_read({}) == ""

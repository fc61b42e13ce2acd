"""The probing tasks on one chart."""

from __future__ import annotations

from tlviz.diagnose.records import ProbedTask
from tlviz.figures.probing import plot_probing


def row(stage: str, accuracy: float, random: float) -> ProbedTask:
    return ProbedTask(stage=stage, accuracy=accuracy, se=0.02, random=random, random_se=0.01, chance=0.5)


def test_every_task_has_its_curve_and_that_of_random_weights_in_one_colour() -> None:
    probing = {
        "surface": [row("embeddings", 0.9, 0.8), row("block1", 0.8, 0.7)],
        "meaning": [row("embeddings", 0.6, 0.55), row("block1", 0.75, 0.5)],
    }
    figure = plot_probing(probing, "Reviews")
    drawn = {trace.name: trace for trace in figure.data}
    assert list(drawn["meaning"].y) == [0.6, 0.75]
    assert list(drawn["meaning, random weights"].y) == [0.55, 0.5]
    assert list(drawn["surface"].error_y.array) == [0.02, 0.02]
    assert drawn["surface"].line.color == drawn["surface, random weights"].line.color
    assert drawn["surface"].line.color != drawn["meaning"].line.color

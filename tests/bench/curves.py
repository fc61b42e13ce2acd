"""Learning curves of the bundled targets at five freeze depths, written into ``docs/benchmarks.md``.

``python tests/bench/curves.py`` trains, replaces the table between the document's two marks and draws
``assets/pictures/curves.png``.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import plotly.graph_objects as go  # noqa: E402
from plotly.subplots import make_subplots  # noqa: E402

from tests.app.browser import photograph  # noqa: E402
from tests.bench.document import write_between  # noqa: E402
from tests.bench.speed import in_a_process  # noqa: E402
from tlviz.figures.theme import stage_colours, use_template  # noqa: E402
from tlviz.finetune.config import configure  # noqa: E402
from tlviz.models.catalogue import find_model  # noqa: E402
from tlviz.models.load import architecture_stages  # noqa: E402

MODEL = "squeezenet1_1"
TARGETS = {"photos": "near", "clipart": "shifted", "digits": "far"}
LABELS = {"digits": 40}
"""Labels a class that train, so that no target has many times the pictures of the others."""
SEEDS = (0, 1, 2)
EPOCHS = 8
SIZE = 96
SHOWN = (0, 1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Curve:
    """Validation accuracy from epoch 0 on, one list a seed, with so many frozen stages."""

    target: str
    freeze: int
    seeds: list[list[float]]

    @property
    def mean(self) -> list[float]:
        """The mean over the seeds, epoch by epoch."""
        return [statistics.mean(values) for values in zip(*self.seeds, strict=True)]

    @property
    def best(self) -> list[float]:
        """Every seed's best epoch."""
        return [max(values) for values in self.seeds]


def measure(target: str, freeze: int) -> Curve:
    """Train with so many frozen stages, one process a seed."""
    seeds = []
    for seed in SEEDS:
        settings = configure(
            *(MODEL, target, "last_stages"),
            freeze=freeze,
            epochs=EPOCHS,
            image_size=SIZE,
            patience=1000,
            seed=seed,
            labels_per_class=LABELS.get(target),
            gauges=False,
        )
        seeds.append(in_a_process("ours", settings.to_json())["curve"])
    print(f"{target}, {freeze} frozen: {[round(max(values), 3) for values in seeds]}", file=sys.stderr, flush=True)
    return Curve(target, freeze, seeds)


def table(curves: Sequence[Curve], names: Sequence[str]) -> str:
    """Return the curves as Markdown, with the best depth of each target in bold."""
    lines = [
        f"| target | frozen | {' | '.join(f'epoch {epoch}' for epoch in SHOWN)} | best epoch, mean ± standard error |",
        "|---" * (len(SHOWN) + 3) + "|",
    ]
    for target, how_far in TARGETS.items():
        mine = [curve for curve in curves if curve.target == target]
        top = max(mine, key=lambda curve: statistics.mean(curve.best))
        for curve in mine:
            error = statistics.stdev(curve.best) / math.sqrt(len(curve.best))
            best = f"{statistics.mean(curve.best):.3f} ± {error:.3f}"
            numbers = " | ".join(f"{curve.mean[epoch]:.3f}" for epoch in SHOWN)
            frozen = f"up to {names[curve.freeze - 1]} ({curve.freeze})" if curve.freeze else "nothing (0)"
            lines.append(f"| {target} ({how_far}) | {frozen} | {numbers} | {f'**{best}**' if curve is top else best} |")
    return "\n".join(lines)


def draw(curves: Sequence[Curve], stages: int) -> go.Figure:
    """Draw one panel a target, one line a depth in the colour of its last frozen stage."""
    figure = make_subplots(
        cols=len(TARGETS), subplot_titles=[f"{name}: {far}" for name, far in TARGETS.items()], horizontal_spacing=0.07
    )
    colours = stage_colours(stages + 1)
    for column, target in enumerate(TARGETS, start=1):
        for curve in (curve for curve in curves if curve.target == target):
            figure.add_scatter(
                y=curve.mean,
                name=f"{curve.freeze} frozen",
                legendgroup=str(curve.freeze),
                showlegend=column == 1,
                mode="lines+markers",
                line={"color": colours[curve.freeze], "dash": "solid" if curve.freeze else "dot"},
                row=1,
                col=column,
            )
    figure.update_xaxes(title_text="epoch")
    figure.update_yaxes(title_text="validation accuracy", tickformat=".0%", range=[0, 1.02], col=1)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    figure.update_layout(width=1180, height=400, legend={"orientation": "h", "y": -0.2})
    return use_template(figure)


def main() -> None:
    """Measure, write the table and draw the picture."""
    stages = architecture_stages(find_model(MODEL), 2)
    backbone = len(stages) - 1
    depths = sorted({round(backbone * share) for share in (0, 0.25, 0.5, 0.75, 1)})
    curves = [measure(target, freeze) for target in TARGETS for freeze in depths]
    print(json.dumps([{"target": curve.target, "freeze": curve.freeze, "seeds": curve.seeds} for curve in curves]))
    write_between("curves", table(curves, [stage.name for stage in stages]))
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "curves.html"
        draw(curves, backbone).write_html(page, include_plotlyjs=True)
        photograph(page, ROOT / "assets" / "pictures" / "curves.png", 1200, 420)


if __name__ == "__main__":
    main()

"""Every freeze depth of a network on a small target, at two rates and several seeds: what the advice is judged by.

``python tests/bench/sweep.py --to FILE`` appends one JSON line a run and leaves out what the file has, so it can be
ended and started again.  Validation chooses the epoch; the test accuracy is that epoch's.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from tests.bench.targets import TARGETS, TargetSpec, write_target  # noqa: E402
from tlviz.data.images import ImageSet, load_images  # noqa: E402
from tlviz.data.training.splits import Split, split_images  # noqa: E402
from tlviz.finetune.batches import BatchSource  # noqa: E402
from tlviz.finetune.config import FinetuneConfig, configure  # noqa: E402
from tlviz.finetune.device import prepare_torch  # noqa: E402
from tlviz.finetune.engine import train  # noqa: E402
from tlviz.finetune.events import Epoch  # noqa: E402
from tlviz.finetune.scoring import evaluate  # noqa: E402
from tlviz.finetune.session import Session  # noqa: E402
from tlviz.finetune.state import State  # noqa: E402
from tlviz.models.catalogue import find_model  # noqa: E402
from tlviz.models.load import architecture_stages, build_for_target  # noqa: E402

MODELS = ("squeezenet1_1", "tf_efficientnet_lite0")
RATES = (1e-3, 3e-3)
"""Head rates; the backbone's is a tenth."""
SEEDS = (0, 1, 2)
TEST_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of the sweep: a strategy with so many frozen stages, or ``two_phase`` with none."""

    model: str
    target: str
    seed: int
    strategy: str
    freeze: int | None
    head_lr: float

    @property
    def key(self) -> str:
        """Name the trial."""
        return f"{self.model}|{self.target}|{self.seed}|{self.strategy}|{self.freeze}|{self.head_lr:g}"


def settings(trial: Trial, data: str, size: int, epochs: int) -> FinetuneConfig:
    """Return the run's settings: the defaults, no patience, a test part."""
    spec = TARGETS[trial.target]
    return configure(
        trial.model,
        data,
        trial.strategy,
        freeze=trial.freeze,
        head_lr=trial.head_lr,
        backbone_lr=trial.head_lr / 10,
        image_size=size,
        epochs=epochs,
        patience=1000,
        seed=trial.seed,
        test_share=TEST_SHARE,
        labels_per_class=spec.labels_per_class,
    )


def parts_of(images: ImageSet, config: FinetuneConfig) -> Split:
    """Return the split of a run of the sweep."""
    return split_images(images.labels, images.parts, config.seed, config.split_plan)


def run(config: FinetuneConfig) -> dict[str, Any]:
    """Train and return the best validation accuracy, and the test accuracy of that epoch's weights."""
    images = load_images(config.data, config.geometry)
    network = build_for_target(
        find_model(config.model), images.classes, pretrained=True, seed=config.seed, size=config.image_size
    )
    session = Session(network, images, parts_of(images, config), config, torch.device("cpu"), lambda: False)
    state = State(session)
    result: dict[str, Any] = {}
    for event in train(state):
        if isinstance(event, Epoch) and state.best is event:
            score = evaluate(session, BatchSource.whole(session, state.pictures), session.split.test)
            result = {"epoch": event.epoch, "val": event.val_accuracy, "test": score.accuracy}
    return result | {"test_images": len(session.split.test)}


def trials(model: str, target: TargetSpec) -> Iterator[Trial]:
    """Yield every depth and the two phases, at every rate and seed."""
    stages = len(architecture_stages(find_model(model), 2))
    for seed in SEEDS:
        for rate in RATES:
            for freeze in range(stages):
                yield Trial(model, target.name, seed, "last_stages", freeze, rate)
            yield Trial(model, target.name, seed, "two_phase", None, rate)


def read_results(path: Path) -> dict[str, dict[str, Any]]:
    """Return the results so far by the names of their trials."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {row["key"]: row for row in map(json.loads, lines)}


def main() -> None:
    """Run what the file lacks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--image-size", type=int, default=80)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--targets", default=",".join(TARGETS))
    parser.add_argument("--models", default=",".join(MODELS))
    chosen = parser.parse_args()
    prepare_torch(chosen.threads, deterministic=False)
    done = read_results(chosen.to)
    with tempfile.TemporaryDirectory() as folder, chosen.to.open("a") as file:
        for model in chosen.models.split(","):
            for target in (TARGETS[name] for name in chosen.targets.split(",")):
                data = str(write_target(target, Path(folder)))
                for trial in trials(model, target):
                    if trial.key in done:
                        continue
                    config = settings(trial, data, chosen.image_size, chosen.epochs)
                    file.write(json.dumps({"key": trial.key} | run(config)) + "\n")
                    file.flush()
                print(f"{model} on {target.name}: done", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

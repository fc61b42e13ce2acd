"""An advice, and finished runs beside it."""

from __future__ import annotations

import json

from tlviz.finetune.config import configure
from tlviz.runs.advice.record import Advised
from tlviz.runs.store.folder import create_run

ADVISED = Advised(1.0, 2, "last_stages", 1e-3, 1e-4, "high")


def finished(
    freeze: int | None, accuracy: float, *, status: str = "finished", strategy: str = "last_stages", **more: object
) -> str:
    settings = configure("squeezenet1_1", "clipart", strategy, freeze=freeze, epochs=2, **more).to_json()
    run = create_run("finetune", "x", settings)
    start = {
        "event": "started",
        "time": 1.0,
        "freeze": 9 if freeze is None else freeze,
        "switches": [],
        "validation_images": 50,
    }
    epoch = {
        "event": "epoch",
        "time": 1.0,
        "epoch": 1,
        "val_loss": 1.0,
        "val_accuracy": accuracy,
        "duration_s": 1.0,
        "images_per_s": 1.0,
    }
    end = {"event": "finished", "time": 2.0, "status": status}
    (run.path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in (start, epoch, end)))
    return run.name

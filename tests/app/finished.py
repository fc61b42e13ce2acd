"""Finished runs with real weights, made without training, for tests of pages that compare."""

from __future__ import annotations

import json

import torch

from tlviz.export.bundle import bundle_bytes
from tlviz.finetune.config import configure
from tlviz.models.catalogue import find_model
from tlviz.models.load import build_for_target
from tlviz.runs.store.folder import RunFolder, create_run

CLASSES = ("amphibian", "bird", "fish", "mammal", "reptile")


def finished_run(
    strategy: str,
    *,
    moved: str = "",
    model: str = "squeezenet1_1",
    data: str = "photos",
    classes: tuple[str, ...] = CLASSES,
    size: int = 224,
) -> RunFolder:
    """Make a finished run whose backbone is the pretrained one, but for the stage ``moved``, whose weights shrink."""
    config = configure(model, data, strategy, image_size=size)
    network = build_for_target(find_model(model), classes, pretrained=True, seed=0, size=size)
    with torch.no_grad():
        for stage in network.stages:
            if stage.name == moved:
                for path in stage.modules:
                    for parameter in network.module.get_submodule(path).parameters():
                        parameter.mul_(0.8)
    run = create_run("finetune", strategy, config.to_json())
    run.weights.write_bytes(bundle_bytes(network, config, {"epoch": 0, "val_accuracy": 0.5}))
    epoch = {"event": "epoch", "epoch": 0, "duration_s": 0.0, "images_per_s": 0.0, "val_loss": 1.0, "val_accuracy": 0.5}
    events = [epoch, {"event": "finished", "status": "finished"}]
    lines = "".join(json.dumps(event | {"time": 1.0}) + "\n" for event in events)
    (run.path / "events.jsonl").write_text(lines, encoding="utf-8")
    return run

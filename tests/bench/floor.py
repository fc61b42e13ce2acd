"""The least that a run can cost: what it cannot do without, on random numbers of the same shapes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tlviz.data.images import load_images
from tlviz.data.training.splits import split_images
from tlviz.finetune.cache import CHUNK
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.device import prepare_torch
from tlviz.finetune.dropout import quicken_dropout
from tlviz.finetune.freezing import set_trainable, train_mode
from tlviz.finetune.plan import plan_phases
from tlviz.finetune.scoring import EVAL_BATCH
from tlviz.finetune.strategies import find_strategy
from tlviz.models.catalogue import find_model
from tlviz.models.load import build_for_target
from tlviz.models.split import split_network


def floor(settings: dict[str, Any]) -> dict[str, Any]:
    """Time what a run cannot do without, phase by phase, on random numbers."""
    config = FinetuneConfig.from_json(settings)
    prepare_torch(config.threads, deterministic=False)
    images = load_images(config.data, config.geometry)
    split = split_images(images.labels, images.parts, config.seed, config.split_plan)
    train, held = len(split.train), len(split.validation)
    pretrained = find_strategy(config.strategy).pretrained
    spec, size = find_model(config.model), config.image_size
    network = build_for_target(spec, images.classes, pretrained=pretrained, seed=config.seed, size=size)
    quicken_dropout(network.module)
    phases = plan_phases(config, network.stages)
    ends = [phase.first_epoch for phase in phases[1:]] + [config.epochs + 1]
    total = 0.0

    def random_batches(count: int, size: int, shape: tuple[int, ...]) -> list[torch.Tensor]:
        made = [torch.randn(len(part), *shape) for part in np.array_split(range(count), math.ceil(count / size))]
        return [b.contiguous(memory_format=torch.channels_last) if b.ndim == 4 else b for b in made]

    def timed(work: Callable[[], object]) -> float:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    for phase, end in zip(phases, ends, strict=True):
        epochs = end - phase.first_epoch
        set_trainable(network.module, network.stages, phase.frozen, config.tune, config.batchnorm)
        tail, shape = network.module, (3, size, size)
        if phase.depth and epochs > 1:
            halves = split_network(network.module, network.stages, phase.depth)
            tail, prefix = halves.tail, halves.prefix.eval()
            pictures = random_batches(train + held, CHUNK, shape)
            with torch.no_grad():
                prefix(pictures[0])
                total += timed(lambda: [prefix(batch) for batch in pictures])  # noqa: B023 (called at once)
                shape = tuple(prefix(pictures[0][:1]).shape[1:])
        batches, held_out = random_batches(train, config.batch_size, shape), random_batches(held, EVAL_BATCH, shape)
        labels = [torch.randint(len(images.classes), (len(batch),)) for batch in batches]
        parameters = [parameter for parameter in network.module.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(parameters, 1e-6, fused=True)

        def epoch() -> None:
            tail.train()  # noqa: B023 (called at once)
            train_mode(network.module, network.stages, phase.frozen, unfrozen=phase.unfrozen)  # noqa: B023
            for batch, target in zip(batches, labels, strict=True):  # noqa: B023
                optimizer.zero_grad()  # noqa: B023
                torch.nn.functional.cross_entropy(tail(batch), target).backward()  # noqa: B023
                optimizer.step()  # noqa: B023
            tail.eval()  # noqa: B023
            network.module.eval()
            with torch.no_grad():
                for batch in held_out:  # noqa: B023
                    tail(batch)  # noqa: B023

        epoch()
        total += timed(lambda: [epoch() for _ in range(epochs)])  # noqa: B023
    return {"seconds": total}

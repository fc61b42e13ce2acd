"""A short training in this process, which the tests of caches, batches and views compare."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import split_images
from tlviz.finetune.config import configure
from tlviz.finetune.engine import train
from tlviz.finetune.events import Epoch, Started, Unfrozen
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.models.load import Network


def run(network: Network, images: ImageSet, strategy: str, **chosen: object) -> tuple[list[str], list[float], State]:
    """Train a copy of a network; return what is said of the cache, every loss, and the end."""
    values = {"epochs": 6, "batch_size": 16, "image_size": 64, "head_lr": 1e-2} | chosen
    config = configure("squeezenet1_1", "clipart", strategy, **values)
    split = split_images(images.labels, images.parts, config.seed)
    own = replace(network, module=copy.deepcopy(network.module))
    state = State(Session(own, images, split, config, torch.device("cpu"), lambda: False))
    notes, losses = [], []
    for event in train(state):
        if isinstance(event, Started | Unfrozen):
            notes.append(event.note)
        if isinstance(event, Epoch):
            losses += [event.train_loss or 0.0, event.val_loss]
    return notes, losses, state

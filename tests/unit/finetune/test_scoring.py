"""Scores are those of the whole set at once."""

from __future__ import annotations

import pytest
import torch

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import split_images
from tlviz.finetune.batches import BatchSource
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.pictures import Pictures
from tlviz.finetune.scoring import evaluate, predict_logits
from tlviz.finetune.session import Session
from tlviz.models.load import Network

CPU = torch.device("cpu")


def config(strategy: str = "full", **chosen: object) -> FinetuneConfig:
    values = {"epochs": 3, "batch_size": 16, "image_size": 64, "backbone_lr": 1e-3, "head_lr": 1e-2} | chosen
    return configure("squeezenet1_1", "clipart", strategy, **values)


def session(network: Network, images: ImageSet, settings: FinetuneConfig) -> Session:
    split = split_images(images.labels, images.parts, settings.seed)
    return Session(network, images, split, settings, CPU, lambda: False)


def test_scores_are_those_of_the_whole_set_at_once(tiny: Network, colours: ImageSet) -> None:
    work = session(tiny, colours, config())
    feed, indices = BatchSource.whole(work, Pictures(work)), work.split.train
    logits = predict_logits(work, feed, indices)
    labels = torch.from_numpy(colours.labels[indices])
    score = evaluate(work, feed, indices)
    assert score.loss == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item())
    assert score.accuracy == pytest.approx((logits.argmax(1) == labels).float().mean().item())

"""The loop that PyTorch's transfer-learning tutorial teaches, written out as the yardstick of ``tlviz bench``.

https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html: ImageFolder and a DataLoader with two
workers, ``requires_grad = False`` on what is frozen, the whole network at every step, the default memory layout, the
best weights saved.  Network, head, images, split, batches and optimizer are those of the run it is compared with, so
that only the loop differs.  Nothing of ``tlviz.finetune`` but the plan of what is frozen when is used.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Subset

from tlviz import vision
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import fit_picture, open_picture
from tlviz.data.sources.folder import scan_folder
from tlviz.data.training.splits import split_images
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.device import choose_device
from tlviz.finetune.plan import Phase, phase_at, plan_phases, stage_rates
from tlviz.finetune.strategies import find_strategy
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, build_for_target
from tlviz.models.stages import named_stage_parameters

WORKERS = 2


@dataclass(frozen=True)
class Outcome:
    """The best validation accuracy, and the images a second of each epoch's training."""

    accuracy: float
    images_per_s: list[float]


def train_by_tutorial(config: FinetuneConfig, folder: Path, geometry: Geometry) -> Outcome:
    """Train by a run's settings as the tutorial does."""
    device = choose_device(config.device)
    loaders = _loaders(config, folder, geometry)
    sets = loaders["train"].dataset
    classes = tuple(sets.dataset.classes)
    network = build_for_target(
        find_model(config.model),
        classes,
        pretrained=find_strategy(config.strategy).pretrained,
        seed=config.seed,
        size=config.image_size,
    )
    model = network.module.to(memory_format=torch.contiguous_format).to(device)
    phases = plan_phases(config, network.stages)
    criterion = nn.CrossEntropyLoss()
    optimizer, phase = None, None
    torch.manual_seed(config.seed)
    images_per_s: list[float] = []
    with tempfile.TemporaryDirectory() as folder_of_best:
        best_path, best = Path(folder_of_best) / "best.pt", 0.0
        for epoch in range(1, config.epochs + 1):
            if phase_at(phases, epoch) is not phase:
                phase = phase_at(phases, epoch)
                optimizer = _optimizer(config, network, phase)
            for part in ("train", "val"):
                is_training = part == "train"
                begun = time.perf_counter()
                model.train(is_training)
                running_loss, running_corrects = 0.0, 0
                for batch in loaders[part]:
                    inputs, labels = (tensor.to(device) for tensor in batch)
                    optimizer.zero_grad()
                    with torch.set_grad_enabled(is_training):
                        outputs = model(inputs)
                        _, guesses = torch.max(outputs, 1)
                        loss = criterion(outputs, labels)
                        if is_training:
                            loss.backward()
                            optimizer.step()
                    running_loss += loss.item() * inputs.size(0)
                    running_corrects += torch.sum(guesses == labels.data)
                accuracy = running_corrects.float().item() / len(loaders[part].dataset)
                if is_training:
                    images_per_s.append(len(loaders[part].dataset) / (time.perf_counter() - begun))
                if not is_training and accuracy > best:
                    best = accuracy
                    torch.save(model.state_dict(), best_path)
    return Outcome(best, images_per_s)


def _loaders(config: FinetuneConfig, folder: Path, geometry: Geometry) -> dict[str, DataLoader]:
    """Return ImageFolders over the run's own split, decoded anew at every epoch."""
    transforms = vision.transforms()
    weights = find_model(config.model).preprocessing
    prepare = transforms.Compose(
        [
            partial(_square, geometry=geometry),
            transforms.ToImage(),
            transforms.ToDtype(torch.float32, scale=True),
            transforms.Normalize(weights.mean, weights.std),
        ]
    )
    images = vision.torchvision().datasets.ImageFolder(str(folder), prepare, loader=_open)
    index = scan_folder(folder)
    position = {Path(path).resolve(): at for at, (path, _) in enumerate(images.samples)}
    order = np.array([position[file.resolve()] for file in index.files])
    split = split_images(np.array(index.labels), index.parts, config.seed, config.split_plan)
    parts = {"train": order[split.train], "val": order[split.validation]}
    return {
        part: DataLoader(
            Subset(images, chosen.tolist()), batch_size=config.batch_size, shuffle=True, num_workers=WORKERS
        )
        for part, chosen in parts.items()
    }


def _open(path: str) -> Image.Image:
    return open_picture(Path(path))[0]


def _square(image: Image.Image, geometry: Geometry) -> Image.Image:
    square = fit_picture(image, geometry.size, geometry.fit, geometry.interpolation, geometry.crop_fraction)
    return Image.fromarray(square)


def _optimizer(config: FinetuneConfig, network: Network, phase: Phase) -> torch.optim.Optimizer:
    """Freeze what the phase freezes; AdamW over the rest at the run's rates."""
    rates = stage_rates(config, [1.0] * (len(network.stages) - 1), phase.rate_factor)
    groups = []
    for at, stage in enumerate(network.stages):
        parameters = [parameter for _, parameter in named_stage_parameters(network.module, stage)]
        for parameter in parameters:
            parameter.requires_grad = at not in phase.frozen
        if at not in phase.frozen and parameters:
            groups.append({"params": parameters, "lr": rates[at]})
    return torch.optim.AdamW(groups, weight_decay=config.weight_decay)

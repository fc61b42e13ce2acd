"""What an epoch tells of gradients, on planted ones."""

from __future__ import annotations

import pytest
import torch

from tlviz.finetune.meters import GradientMeter, TrainingMeter


def meter_of(*stages: str) -> tuple[GradientMeter, list[torch.nn.Parameter]]:
    """Return a meter over one group of two numbers a stage name, and the parameters."""
    parameters = [torch.nn.Parameter(torch.zeros(2)) for _ in stages]
    groups = [{"params": [p], "stage": stage} for p, stage in zip(parameters, stages, strict=True)]
    return GradientMeter(torch.optim.SGD(groups, lr=1.0)), parameters


def note(meter: GradientMeter, parameters: list[torch.nn.Parameter], images: int, *gradients: list[float]) -> None:
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = torch.tensor(gradient)
    meter.note(images)


def test_norms_are_means_over_the_updates_of_all_groups_of_a_stage() -> None:
    """Body 5 (of 3 and 4, in two groups) and 1, head 0 and 2."""
    meter, parameters = meter_of("body", "body", "head")
    note(meter, parameters, 8, [3.0, 0.0], [4.0, 0.0], [0.0, 0.0])
    note(meter, parameters, 8, [1.0, 0.0], [0.0, 0.0], [0.0, 2.0])
    assert meter.norms() == pytest.approx({"body": 3.0, "head": 1.0})


def test_noise_scale_of_two_updates_by_hand() -> None:
    """Mean of |g|^2 is (25 + 5) / 2 = 15, |mean g|^2 = |(2, 2, 1)|^2 = 9: noise 6 * 2 * 8 over signal 18 - 15."""
    meter, parameters = meter_of("body", "body", "head")
    note(meter, parameters, 8, [3.0, 0.0], [4.0, 0.0], [0.0, 0.0])
    assert meter.noise_scale() is None, "one update says nothing of noise"
    note(meter, parameters, 8, [1.0, 0.0], [0.0, 0.0], [0.0, 2.0])
    assert meter.noise_scale() == pytest.approx(32.0)


def test_gradients_that_cancel_out_have_no_noise_scale() -> None:
    meter, parameters = meter_of("head")
    note(meter, parameters, 8, [1.0, 0.0])
    note(meter, parameters, 8, [-1.0, 0.0])
    assert meter.noise_scale() is None


def test_an_epochs_loss_and_accuracy_are_means_over_images_and_not_over_batches() -> None:
    meter = TrainingMeter(torch.device("cpu"))
    meter.note(torch.tensor(1.0), torch.eye(2)[[0, 0, 1]], torch.tensor([0, 1, 1]))
    meter.note(torch.tensor(2.0), torch.eye(2)[[1]], torch.tensor([0]))
    assert meter.read() == (1.25, 0.5)

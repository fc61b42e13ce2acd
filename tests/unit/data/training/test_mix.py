"""Mixup and CutMix on batches."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tlviz.data.training.mix import _rectangles, mix_batch
from tlviz.data.training.mix_kinds import Mix

both = pytest.mark.parametrize("kind", [Mix.MIXUP, Mix.CUTMIX])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def levels(count: int, side: int = 16) -> tuple[Tensor, Tensor]:
    """Picture i has the value i everywhere and the class i: what was mixed can be read off."""
    return torch.arange(count).float()[:, None, None, None].expand(count, 3, side, side).clone(), torch.arange(count)


def test_none_only_makes_the_labels_soft() -> None:
    inputs, labels = levels(4)
    mixed, targets = mix_batch(inputs, labels, 5, Mix.NONE, seeded())
    assert torch.equal(mixed, inputs)
    assert torch.equal(targets, torch.eye(5)[:4])


@both
def test_pixels_and_labels_tell_the_same_blend(kind: Mix) -> None:
    """The mean value of a blended picture is the same mean of its two classes' numbers."""
    inputs, labels = levels(32)
    mixed, targets = mix_batch(inputs, labels, 32, kind, seeded())
    assert torch.allclose(mixed.mean(dim=(1, 2, 3)), targets @ torch.arange(32).float(), atol=1e-4)
    assert torch.allclose(targets.sum(1), torch.ones(32))
    assert (targets >= 0).all()
    assert int((targets > 0).sum(1).max()) == 2


@both
def test_each_picture_is_drawn_by_itself(kind: Mix) -> None:
    inputs, labels = levels(64)
    _, targets = mix_batch(inputs, labels, 64, kind, seeded(), alpha=1.0)
    assert len({round(float(row.max()), 5) for row in targets}) > 30


@both
def test_mixup_is_even_all_over_and_cutmix_is_one_rectangle(kind: Mix) -> None:
    inputs, labels = levels(32)
    mixed, _ = mix_batch(inputs, labels, 32, kind, seeded(), alpha=1.0)
    for at, picture in enumerate(mixed):
        assert torch.equal(picture[0], picture[1])
        if kind is Mix.MIXUP:
            assert float(picture.max() - picture.min()) < 1e-5
        else:
            inside = (picture[0] != at).nonzero()
            if len(inside):
                (top, left), (bottom, right) = inside.min(0).values, inside.max(0).values
                assert len(inside) == (bottom - top + 1) * (right - left + 1)
                assert len(picture[0].unique()) <= 2


@both
def test_the_input_is_left_alone_and_a_seed_gives_the_same(kind: Mix) -> None:
    inputs, labels = levels(8)
    before = inputs.clone()
    state, legacy = torch.get_rng_state(), str(np.random.get_state())
    once = mix_batch(inputs, labels, 8, kind, seeded(3))
    again = mix_batch(inputs, labels, 8, kind, seeded(3))
    other = mix_batch(inputs, labels, 8, kind, seeded(4))
    assert torch.equal(inputs, before)
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))
    assert not torch.equal(once[1], other[1])
    assert torch.equal(torch.get_rng_state(), state)
    assert str(np.random.get_state()) == legacy


def test_mixup_weights_follow_the_beta_distribution() -> None:
    inputs, labels = levels(4000, 1)
    _, targets = mix_batch(inputs, labels, 4000, Mix.MIXUP, seeded(), alpha=0.2)
    kept = targets.diagonal()
    assert abs(float(kept.mean()) - 0.5) < 0.02
    assert abs(float(kept.var()) - 0.25 / 1.4) < 0.01  # 1 / (4 (2 alpha + 1))


def test_cutmix_keeps_more_than_half_as_the_border_cuts_rectangles_off() -> None:
    inputs, labels = levels(1000, 32)
    _, targets = mix_batch(inputs, labels, 1000, Mix.CUTMIX, seeded())
    kept = float(targets.diagonal().mean())
    assert 0.55 < kept < 0.80


@both
def test_other_memory_layouts_shapes_and_a_batch_of_one(kind: Mix) -> None:
    inputs = torch.rand(5, 3, 12, 20).to(memory_format=torch.channels_last)
    mixed, targets = mix_batch(inputs, torch.zeros(5, dtype=torch.int64), 2, kind, seeded())
    assert (mixed.shape, targets.shape) == (inputs.shape, (5, 2))
    one, target = mix_batch(inputs[:1], torch.ones(1, dtype=torch.int64), 2, kind, seeded())
    assert torch.allclose(one, inputs[:1])
    assert torch.equal(target, torch.tensor([[0.0, 1.0]]))


@both
def test_the_loss_takes_the_targets(kind: Mix) -> None:
    logits = torch.zeros(6, 3, requires_grad=True)
    _, targets = mix_batch(torch.rand(6, 3, 8, 8), torch.arange(6) % 3, 3, kind, seeded())
    loss = nn.functional.cross_entropy(logits, targets)
    assert loss.item() == pytest.approx(np.log(3))


@pytest.mark.parametrize("weight", [0.75, 0.4375])
def test_a_rectangle_that_is_not_cut_off_has_the_area_that_was_drawn(weight: float) -> None:
    drawn = _rectangles(torch.full((300,), weight), 64, 64, torch.Generator().manual_seed(0))
    assert drawn.float().mean((1, 2)).max() == pytest.approx(1 - weight)

"""Random variation of training pictures."""

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tlviz.data.training.augment import augment_light, augment_strong

Augment = Callable[..., Tensor]
both = pytest.mark.parametrize("augment", [augment_light, augment_strong])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(count: int, height: int = 20, width: int = 20) -> Tensor:
    return torch.randint(0, 256, (count, height, width, 3), dtype=torch.uint8, generator=seeded(99))


def gradient(count: int, side: int = 20) -> Tensor:
    """Columns that grow brighter to the right, and rows downward in green: a mirror image is recognised."""
    ramp = torch.arange(side) * (240 // side)
    image = torch.stack([ramp.expand(side, side), ramp[:, None].expand(side, side), torch.zeros(side, side)], dim=2)
    return image.to(torch.uint8).expand(count, side, side, 3).clone()


def mirrored(images: Tensor) -> Tensor:
    """Which of the gradients run from right to left: bool (n,)."""
    red = images[..., 0].float().mean(dim=1)
    return red[:, 0] > red[:, -1]


@both
def test_shape_and_type_are_kept(augment: Augment) -> None:
    pixels = noise(3, 24, 16)
    out = augment(pixels, may_flip=True, generator=seeded())
    assert out.shape == (3, 24, 16, 3)
    assert out.dtype == torch.uint8


@both
def test_the_input_is_left_alone(augment: Augment) -> None:
    pixels = noise(4)
    before = pixels.clone()
    augment(pixels, may_flip=True, generator=seeded())
    assert torch.equal(pixels, before)


@both
@pytest.mark.parametrize("may_flip", [True, False])
def test_each_image_varies_by_itself(augment: Augment, may_flip: bool) -> None:
    out = augment(noise(1).expand(16, -1, -1, -1), may_flip=may_flip, generator=seeded())
    assert len({image.numpy().tobytes() for image in out}) >= 8


@both
def test_a_seed_always_gives_the_same(augment: Augment) -> None:
    pixels = noise(8)
    once = augment(pixels, may_flip=True, generator=seeded(5))
    torch.rand(3)  # whatever the global generator does in between
    assert torch.equal(once, augment(pixels, may_flip=True, generator=seeded(5)))
    assert not torch.equal(once, augment(pixels, may_flip=True, generator=seeded(6)))


@both
def test_a_generator_moves_on(augment: Augment) -> None:
    pixels, generator = noise(8), seeded()
    first = augment(pixels, may_flip=True, generator=generator)
    assert not torch.equal(first, augment(pixels, may_flip=True, generator=generator))


@both
@pytest.mark.parametrize("may_flip", [True, False])
def test_a_generator_for_each_varies_it_as_it_would_alone(augment: Augment, may_flip: bool) -> None:
    pixels = noise(6)
    together = augment(pixels, may_flip=may_flip, generator=[seeded(number) for number in range(6)])
    for number, varied in enumerate(together):
        alone = augment(pixels[number : number + 1], may_flip=may_flip, generator=seeded(number))
        assert torch.equal(varied, alone[0])


@both
def test_global_random_states_are_left_alone(augment: Augment) -> None:
    torch.manual_seed(11)
    state, legacy, plain = torch.get_rng_state(), str(np.random.get_state()), random.getstate()
    augment(noise(4), may_flip=True, generator=seeded())
    assert torch.equal(torch.get_rng_state(), state)
    assert str(np.random.get_state()) == legacy
    assert random.getstate() == plain


@both
def test_digits_are_never_mirrored(augment: Augment) -> None:
    out = augment(gradient(64), may_flip=False, generator=seeded())
    if augment is augment_strong:  # colours may be inverted or flattened: keep what still shows both ramps plainly
        moved = out[..., 0].float().mean(dim=1)
        down = out[..., 1].float().mean(dim=2)
        inverted = down[:, 0] > down[:, -1]  # inverting turns both ramps, mirroring only one
        plain = ((moved[:, -1] - moved[:, 0]).abs() > 60) & ((down[:, -1] - down[:, 0]).abs() > 60)
        assert int(plain.sum()) > 20
        assert torch.equal(mirrored(out)[plain], inverted[plain])
    else:
        assert not mirrored(out).any()


def test_about_half_are_mirrored_where_allowed() -> None:
    share = mirrored(augment_light(gradient(1000), may_flip=True, generator=seeded())).float().mean().item()
    assert 0.44 < share < 0.56


def test_light_is_a_shift_by_up_to_a_tenth_with_repeated_borders() -> None:
    pixels = noise(1)
    out = augment_light(pixels.expand(400, -1, -1, -1), may_flip=False, generator=seeded())
    padded = np.pad(pixels[0].numpy(), ((2, 2), (2, 2), (0, 0)), mode="edge")
    shifts = {
        padded[2 + down : 22 + down, 2 + right : 22 + right].tobytes(): (down, right)
        for down in range(-2, 3)
        for right in range(-2, 3)
    }
    found = [shifts.get(image.numpy().tobytes()) for image in out]
    assert None not in found
    assert len(set(found)) == 25  # 20 pixels: two either way, in both directions


def test_light_mirrors_exactly() -> None:
    pixels = noise(1)
    out = augment_light(pixels.expand(400, -1, -1, -1), may_flip=True, generator=seeded())
    made = {image.numpy().tobytes() for image in out}
    assert pixels[0].numpy().tobytes() in made
    assert pixels[0].flip(1).numpy().tobytes() in made
    assert pixels[0].flip(0).numpy().tobytes() not in made


def test_a_tiny_picture_still_shifts() -> None:
    out = augment_light(noise(1, 4, 4).expand(50, -1, -1, -1), may_flip=False, generator=seeded())
    assert len({image.numpy().tobytes() for image in out}) == 9


def test_strong_does_more_than_light() -> None:
    pixels = noise(16)
    light = augment_light(pixels, may_flip=True, generator=seeded())
    strong = augment_strong(pixels, may_flip=True, generator=seeded())
    changed = [not torch.equal(a, b) for a, b in zip(light, strong, strict=True)]
    assert sum(changed) >= 10


def test_strong_draws_its_operations_for_each_image() -> None:
    uniform = torch.full((64, 20, 20, 3), 100, dtype=torch.uint8)  # neither a shift nor a mirror shows
    out = augment_strong(uniform, may_flip=True, generator=seeded())
    assert len({image.numpy().tobytes() for image in out}) >= 8


def test_strong_does_not_depend_on_the_global_generator() -> None:
    pixels = noise(8)
    torch.manual_seed(1)
    once = augment_strong(pixels, may_flip=True, generator=seeded())
    torch.manual_seed(2)
    assert torch.equal(once, augment_strong(pixels, may_flip=True, generator=seeded()))

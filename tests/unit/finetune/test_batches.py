"""What the steps see: the outputs of frozen stages where keeping them saves work, and in words where not."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from tests.unit.finetune.trained import run
from tlviz.data.images import ImageSet
from tlviz.data.training.mix_kinds import Mix
from tlviz.data.training.splits import split_images
from tlviz.finetune.cache import find_room
from tlviz.finetune.choices import Augment, BatchNorm
from tlviz.finetune.config import configure
from tlviz.finetune.engine import train
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.models.load import Network
from tlviz.models.split import CannotSplitError


def test_the_prefix_runs_once_for_each_picture_and_view(tiny: Network, colours: ImageSet) -> None:
    seen: list[int] = []
    network = replace(tiny, module=copy.deepcopy(tiny.module))
    config = configure("squeezenet1_1", "clipart", "head_only", epochs=7, image_size=64, augment=Augment.LIGHT, views=3)
    split = split_images(colours.labels, colours.parts, 0)
    state = State(Session(network, colours, split, config, torch.device("cpu"), lambda: False))
    events = train(state)
    next(events)
    network.module.get_submodule("stem").register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    list(events)
    assert sum(seen) == len(split.validation) + 3 * len(split.train)


SEEN_ONCE = "no training picture comes twice in the same view"
FOLLOW = "their BatchNorm layers follow the batches"


@pytest.mark.parametrize(
    ("strategy", "chosen", "reason"),
    [
        ("full", {}, ""),
        ("full", {"frozen": ("block1",)}, ""),
        ("head_only", {"epochs": 1}, SEEN_ONCE),
        ("head_only", {"augment": Augment.LIGHT, "views": 6}, SEEN_ONCE),
        ("head_only", {"mix": Mix.CUTMIX}, "pictures are mixed anew each time"),
        ("head_only", {"batchnorm": BatchNorm.MOVE}, FOLLOW),
        ("head_only", {"batchnorm": BatchNorm.TRAIN}, FOLLOW),
        ("head_only", {"cache_mb": 0}, "no memory is set aside for what they compute"),
    ],
)
def test_nothing_is_kept_where_it_would_save_nothing_or_be_wrong_and_the_run_says_why(
    tiny: Network, colours: ImageSet, strategy: str, chosen: dict[str, object], reason: str
) -> None:
    expected = f"The frozen stages run at every step: {reason}." if reason else ""
    assert run(tiny, colours, strategy, **chosen)[0] == [expected]


def test_what_does_not_fit_into_memory_goes_to_disk_and_leaves_nothing_there(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch, home: object
) -> None:
    expected = run(tiny, colours, "head_only")[1]
    monkeypatch.setattr("tlviz.finetune.batches.find_room", lambda rows, sample, _: find_room(rows, sample, 0))
    notes, losses, _ = run(tiny, colours, "head_only")
    assert "kept in disk" not in notes[0]
    assert "kept on disk" in notes[0]
    assert losses == expected
    assert not list((home / "cache" / "prefix").iterdir())  # type: ignore[operator]


def test_where_it_fits_nowhere_the_run_says_so_and_goes_on(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run(tiny, colours, "head_only")[1]
    monkeypatch.setattr("tlviz.finetune.cache.SPARE_DISK", 2**60)
    monkeypatch.setattr("tlviz.finetune.batches.find_room", lambda rows, sample, _: find_room(rows, sample, 0))
    notes, losses, _ = run(tiny, colours, "head_only")
    assert "fits nowhere" in notes[0]
    assert losses == expected


def test_a_network_that_cannot_be_split_runs_whole_and_says_so(
    tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CannotSplitError("It cannot be split.")

    expected = run(tiny, colours, "head_only")[1]
    monkeypatch.setattr("tlviz.models.picture_side.split_network", refuse)
    assert run(tiny, colours, "head_only")[:2] == (["It cannot be split."], expected)

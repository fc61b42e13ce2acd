"""Keeping what the frozen stages compute changes how long a run takes, and nothing else."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.unit.finetune.trained import run
from tlviz.data.images import ImageSet
from tlviz.data.training.splits import Indices, split_images
from tlviz.finetune.batches import BatchSource
from tlviz.finetune.cache import PrefixCache, PrefixCachePool, RowStore
from tlviz.finetune.choices import Augment, BatchNorm
from tlviz.finetune.config import configure
from tlviz.finetune.engine import train
from tlviz.finetune.scoring import predict_logits
from tlviz.finetune.session import Halted, Session
from tlviz.finetune.state import State
from tlviz.models.load import Network


@pytest.mark.parametrize("augment", Augment)
@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        ("head_only", {}),
        ("last_stages", {"freeze": 2}),
        ("two_phase", {"freeze": 1}),
        ("gradual", {"epochs": 12}),
        ("full", {"frozen": ("stem", "block2")}),
        ("head_only", {"batchnorm": BatchNorm.REESTIMATE}),
        ("last_stages", {"batchnorm": BatchNorm.REESTIMATE, "ema": 0.9}),
    ],
)
def test_losses_and_weights_are_the_same_to_the_bit(
    tiny: Network, colours: ImageSet, strategy: str, chosen: dict[str, object], augment: Augment
) -> None:
    settings = {"augment": augment, "views": 2} | chosen
    with_notes, with_losses, with_cache = run(tiny, colours, strategy, **settings)
    without_notes, without_losses, without_cache = run(tiny, colours, strategy, cache_mb=0, **settings)
    assert "kept in memory" in with_notes[0]
    assert "no memory is set aside" in without_notes[0]
    assert with_losses == without_losses
    weights = without_cache.module.state_dict()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in with_cache.module.state_dict().items())


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_stages_that_are_frozen_again_are_validated_as_they_are(tiny: Network, colours: ImageSet, ema: float) -> None:
    """Averages go on following weights that have stopped, so what they compute cannot be kept."""
    settings = {"unfreeze": "3:stem+block1", "ema": ema}
    notes, losses, with_cache = run(tiny, colours, "full", **settings)
    assert ("kept in memory" if ema == 0 else "the averages of their weights still move") in notes[1]
    assert losses == run(tiny, colours, "full", cache_mb=0, **settings)[1]
    with with_cache.best_guess():
        last = predict_logits(
            with_cache.session,
            BatchSource.whole(with_cache.session, with_cache.pictures),
            with_cache.session.split.validation,
        )
    assert with_cache.logits is not None
    assert torch.allclose(last, with_cache.logits, atol=1e-6)


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("shape", [(5,), (3, 4), (6, 2, 3)])
def test_rows_come_back_as_they_were_put(shape: tuple[int, ...], *, in_memory: bool) -> None:
    values = torch.randn(4, *shape)
    if values.ndim == 4:
        values = values.contiguous(memory_format=torch.channels_last)
    store = RowStore(10, values[:1], in_memory=in_memory)
    store.put(np.array([7, 0, 3, 9]), values)
    taken = store.take(np.array([3, 3, 7]))
    assert torch.equal(taken, values[[2, 2, 0]])
    assert values.ndim != 4 or taken.is_contiguous(memory_format=torch.channels_last)


def test_the_order_of_asking_does_not_matter() -> None:
    """Pictures are computed in their own order, so that a resumed run keeps the same bytes."""
    batches: list[list[float]] = []

    class Spy(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            batches.append(x[:, 0].tolist())
            return x

    for order in (np.arange(130), np.random.default_rng(0).permutation(130)):
        batches.clear()
        store = RowStore(130, torch.zeros(1, 1), in_memory=True)
        cache = PrefixCache(Spy(), 130, 1, store)
        cache.fill(order, 0, lambda indices: torch.from_numpy(indices)[:, None].float())
        cache.fill(order, 0, lambda indices: torch.from_numpy(indices)[:, None].float())
        assert [len(batch) for batch in batches] == [26, 26, 26, 26, 26]
        assert [number for batch in batches for number in batch] == list(range(130))
        assert cache.take(np.array([5, 129]), 0).flatten().tolist() == [5, 129]


class Asked(list[list[int]]):
    """Makes the prefix's inputs of pictures and remembers which were asked for; may stop at the n-th chunk."""

    def __init__(self, stop_at: int | None = None) -> None:
        self._stop_at = stop_at

    def __call__(self, indices: Indices) -> Tensor:
        if len(self) == self._stop_at:
            raise Halted
        self.append(indices.tolist())
        return torch.from_numpy(indices)[:, None].float()


def test_what_an_interrupted_fill_had_begun_is_computed_anew_in_the_same_chunks() -> None:
    cache = PrefixCache(nn.Identity(), 100, 1, RowStore(100, torch.zeros(1, 1), in_memory=True))
    with pytest.raises(Halted):
        cache.fill(np.arange(100), 0, Asked(stop_at=2))
    later, asked = cache.behind(nn.Identity()), Asked()
    later.fill(np.arange(100), 0, asked)
    assert [len(chunk) for chunk in asked] == [25] * 4
    assert later.take(np.array([0, 99]), 0).flatten().tolist() == [0, 99]
    assert later.saved_s == 0


def test_a_later_session_takes_rows_from_the_shelf_and_computes_what_is_missing() -> None:
    first = PrefixCache(nn.Identity(), 10, 2, RowStore(20, torch.zeros(1, 1), in_memory=True))
    shelf = PrefixCachePool(1)
    shelf.keep("a", first, 800)
    first.fill(np.arange(5), 0, Asked())
    found = shelf.find("a", 800)
    assert found is not None
    second, asked = found.behind(nn.Identity()), Asked()
    second.fill(np.arange(10), 0, asked)
    assert asked == [[5, 6, 7, 8, 9]]
    assert second.take(np.arange(10), 0).flatten().tolist() == list(range(10))
    saved_s = second.saved_s
    assert saved_s > 0
    second.fill(np.arange(5), 0, Asked())
    assert second.saved_s == saved_s, "counted once"
    assert shelf.find("b", 1) is None
    assert shelf.find("a", 801) is None, "too small for what is needed"
    assert shelf.find("a", 800) is None, "so it is given up"


def test_the_shelf_gives_up_what_was_not_used_for_longest() -> None:
    shelf, half = PrefixCachePool(1), 2**19
    for name in "abc":
        cache = PrefixCache(nn.Identity(), 1, 1, RowStore(1, torch.zeros(1, 1), in_memory=True))
        shelf.make_room(half)
        shelf.keep(name, cache, half)
        shelf.find("a", half)
    assert [shelf.find(name, half) is not None for name in "abc"] == [True, False, True]
    shelf.make_room(2**30)
    assert shelf.find("a", half) is None


@pytest.mark.parametrize(
    ("strategy", "chosen", "expected"),
    [
        ("head_only", {}, 1),
        ("two_phase", {"freeze": 1}, 2),
        ("two_phase", {"unfreeze": "3:0,5:stem"}, 1),
        ("from_scratch", {"freeze": 2}, 0),
        ("head_only", {"batchnorm": BatchNorm.REESTIMATE}, 0),
        ("head_only", {"ema": 0.9}, 0),
    ],
)
def test_only_what_the_pretrained_stages_compute_is_shared(
    tiny: Network, colours: ImageSet, strategy: str, chosen: dict[str, object], expected: int
) -> None:
    kept: list[object] = []

    class Spy(PrefixCachePool):
        def keep(self, key: object, cache: PrefixCache, size: int) -> None:
            kept.append(key)

    config = configure("squeezenet1_1", "clipart", strategy, epochs=6, image_size=64, **chosen)
    split = split_images(colours.labels, colours.parts, 0)
    own = replace(tiny, module=copy.deepcopy(tiny.module))
    list(train(State(Session(own, colours, split, config, torch.device("cpu"), lambda: False, shelf=Spy(1)))))
    assert len(kept) == expected


def test_rows_on_disk_where_the_system_cannot_claim_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS and Windows have no ``posix_fallocate``."""
    monkeypatch.delattr("os.posix_fallocate", raising=False)
    store = RowStore(3, torch.zeros(1, 2, 4, 4), in_memory=False)
    store.put(np.array([2, 0]), torch.arange(64.0).reshape(2, 2, 4, 4))
    assert torch.equal(store.take(np.array([0, 2])), torch.arange(64.0).reshape(2, 2, 4, 4).flip(0))
    assert not store.take(np.array([1])).any()

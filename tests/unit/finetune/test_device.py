"""What differs on a GPU, as far as it can be told without one: room, copies, precision, memory that runs out."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import split_images
from tlviz.errors import TlvizError
from tlviz.finetune.cache import RowStore, find_room
from tlviz.finetune.choices import ClassWeights
from tlviz.finetune.config import configure
from tlviz.finetune.device import memory_errors, next_smaller_batch, precision, prepare_torch
from tlviz.finetune.engine import train
from tlviz.finetune.scoring import predict_logits
from tlviz.finetune.session import Session
from tlviz.finetune.state import State
from tlviz.jobs import finetune as finetune_job
from tlviz.jobs import range_test as range_job
from tlviz.jobs.job import Job
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, build_for_target
from tlviz.runs.store.folder import create_run

GPU = torch.device("cuda")
CONFIG = configure("squeezenet1_1", "clipart", "full", batch_size=32, image_size=64)


@pytest.mark.parametrize(
    ("free_mb", "budget_mb", "place", "device"),
    [(100, 50, "in GPU memory", "cuda"), (60, 50, "in memory", "cpu"), (100, 10, "on disk", "cpu")],
)
def test_a_gpu_keeps_what_leaves_it_room_and_the_rest_stays_in_memory(
    monkeypatch: pytest.MonkeyPatch, free_mb: int, budget_mb: int, place: str, device: str
) -> None:
    """Forty rows of a megabyte."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (free_mb * 2**20, 2**40))
    sample: Any = SimpleNamespace(numel=lambda: 2**18, element_size=lambda: 4, device=GPU)
    need = find_room(40, sample, budget_mb)
    assert (need.size, need.place, need.device.type) == (40 * 2**20, place, device)


def test_rows_of_a_gpu_that_lie_in_memory_are_brought_back_to_it() -> None:
    """The meta device stands for the GPU: what lies there has no content, what lies in memory has."""
    store = RowStore(4, torch.empty(1, 3, device="meta"), in_memory=True, device=torch.device("cpu"))
    assert store._rows.device.type == "cpu"
    assert store.take(np.array([0, 2])).device.type == "meta"


def test_a_gpu_computes_in_bfloat16_and_a_cpu_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(torch, "autocast", lambda *arguments: asked.append(arguments))
    precision(GPU)
    precision(torch.device("cpu"))
    assert asked == [("cuda", torch.bfloat16)]


def test_a_run_that_need_not_repeat_itself_does_not_inherit_that_from_the_one_before() -> None:
    threads = torch.get_num_threads()
    prepare_torch(threads, deterministic=True)
    assert torch.are_deterministic_algorithms_enabled()
    prepare_torch(threads, deterministic=False)
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(
    ("batch", "accumulate", "expected"),
    [(32, 1, (16, 2)), (12, 2, (6, 4)), (33, 1, (11, 3)), (5, 1, (1, 5)), (2, 3, (1, 6)), (9, 2, (3, 6))],
)
def test_the_next_smaller_batch_makes_the_same_updates(batch: int, accumulate: int, expected: tuple[int, int]) -> None:
    smaller, pieces = next_smaller_batch(batch, accumulate)
    assert (smaller, pieces) == expected
    assert smaller * pieces == batch * accumulate


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_memory_that_runs_out_is_known_by_its_words(error: Exception) -> None:
    with pytest.raises(TlvizError, match="batches of 32; choose batch size 16 and accumulate 2"), memory_errors(CONFIG):
        raise error


@pytest.mark.parametrize("job", [finetune_job, range_job])
def test_a_network_that_does_not_fit_is_one_sentence_too(job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(job, "set_up", fail)
    run = create_run("finetune", "memory", CONFIG.to_json())
    with pytest.raises(TlvizError, match="There was not enough memory for batches of 32"):
        job.execute(Job(run), CONFIG.to_json())


def test_memory_that_runs_out_while_pictures_are_decoded_is_not_put_down_to_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(finetune_job, "load_as_begun", fail)
    run = create_run("finetune", "memory", CONFIG.to_json())
    with pytest.raises(TlvizError, match="not enough memory to read the pictures; choose a smaller image size") as told:
        finetune_job.execute(Job(run), CONFIG.to_json())
    assert "batch" not in str(told.value)


def test_balanced_classes_count_alike_in_pieces_and_in_the_whole_batch(tiny: Network, colours: ImageSet) -> None:
    """The mean over a batch is weighted; a piece counts by the weights in it, not by its length."""
    rare = np.concatenate([np.flatnonzero(colours.labels != 2), np.flatnonzero(colours.labels == 2)[:6]])
    ends = []
    for batch_size, accumulate in ((24, 1), (8, 3)):
        own = replace(tiny, module=copy.deepcopy(tiny.module))
        own.module.get_submodule("drop").p = 0.0  # type: ignore[assignment]
        config = configure(
            *("squeezenet1_1", "clipart", "head_only"),
            **{"class_weights": ClassWeights.BALANCED, "image_size": 64, "epochs": 3, "head_lr": 1e-2},
            **{"batch_size": batch_size, "accumulate": accumulate},
        )
        split = replace(split_images(colours.labels, colours.parts, 0), train=rare)
        list(train(State(Session(own, colours, split, config, torch.device("cpu"), lambda: False))))
        ends.append(own.module.get_parameter("fc.weight"))
    assert torch.allclose(ends[0], ends[1], atol=1e-6)


class NoDouble(TorchDispatchMode):
    """Refuses double precision, as Apple's GPUs do."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            assert not isinstance(leaf, torch.Tensor) or leaf.dtype != torch.float64, f"{func} in double precision"
        return result


@pytest.fixture
def no_double() -> Iterator[None]:
    with NoDouble():
        yield


def test_an_epoch_needs_no_double_precision(tiny: Network, colours: ImageSet, no_double: None) -> None:
    config = configure("squeezenet1_1", "clipart", "surgical", image_size=64, epochs=3, l2_sp=0.1, ema=0.9)
    split = split_images(colours.labels, colours.parts, 0)
    state = State(Session(tiny, colours, split, config, torch.device("cpu"), lambda: False))
    list(train(state))
    assert state.epoch == 3


def test_a_rectified_head_tells_logits_apart_where_bfloat16_would_not(
    colours: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CPU's bfloat16 stands for the GPU's: near 100 it knows halves only."""
    monkeypatch.setattr("tlviz.finetune.batches.precision", lambda _: torch.autocast("cpu", torch.bfloat16))
    network = build_for_target(find_model("squeezenet1_1"), colours.classes, pretrained=True, seed=0, size=64)
    config = configure("squeezenet1_1", "clipart", "head_only", image_size=64, epochs=2)
    split = split_images(colours.labels, colours.parts, 0)
    state = State(Session(network, colours, split, config, torch.device("cpu"), lambda: False))
    state.begin()
    logits = predict_logits(state.session, state.feed, split.validation)
    assert logits.dtype == torch.float32
    assert (logits - 100).abs().max() < 10
    assert len(logits.unique()) == logits.numel()

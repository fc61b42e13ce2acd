"""Tensors are known by what a pickle promises, and a promise that its numbers cannot keep is refused."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
import torch

from tests.fuzz.checkpoints import pickled_tensor
from tlviz.models.pickled import DamagedPickleError, read_pickle
from tlviz.models.promised import Promise, Promises


def promised(value: Any) -> tuple[Any, Promises]:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    with zipfile.ZipFile(buffer) as file:
        name = next(name for name in file.namelist() if name.endswith("data.pkl"))
        promises = Promises()
        return read_pickle(io.BytesIO(file.read(name)), promises).content, promises


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(2, 3),
        torch.ones(3, 4).t(),
        torch.ones(6)[2:4],
        torch.ones(()),
        torch.ones(0, 3),
        torch.ones(2).half(),
        torch.ones(2, dtype=torch.bfloat16),
        torch.ones(2, dtype=torch.bool),
        torch.ones(2).to(torch.float8_e4m3fn),
        torch.ones(2, dtype=torch.uint16),
        torch.nn.Parameter(torch.ones(2)),
        torch.zeros(1).expand(4),
    ],
)
def test_plain_tensors(tensor: torch.Tensor) -> None:
    found, promises = promised({"a": tensor})
    promise = found["a"]
    assert isinstance(promise, Promise)
    assert (promise.shape, promise.dtype, promise.odd) == (tensor.shape, tensor.dtype, "")
    assert (promise.stride, promise.offset) == (tensor.stride(), tensor.storage_offset())
    assert promises.found == [promise]


@pytest.mark.parametrize(
    ("tensor", "odd"),
    [
        (torch.eye(3).to_sparse(), "sparse"),
        (torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "quantised"),
        (torch.ones(10**9, device="meta"), "without values, of the meta device"),
        (torch.zeros(1).expand(10**9), "made of far fewer numbers than it shows"),
        (torch.zeros(2, dtype=torch.complex64).conj(), "a conjugated or negated view"),
    ],
)
def test_tensors_that_are_no_plain_numbers(tensor: torch.Tensor, odd: str) -> None:
    assert promised({"a": tensor})[0]["a"].odd == odd


@pytest.mark.parametrize(
    ("shape", "stride", "count", "offset"),
    [
        ((5,), (1,), 4, 0),
        ((4,), (1,), 4, 1),
        ((2, 10**9), (10**9, 1), 4, 0),
        ((2,), (2**40,), 4, 0),
        ((-1,), (1,), 4, 0),
        ((4,), (-1,), 4, 0),
        ((4,), (1,), -4, 0),
        ((4,), (1,), 4, -1),
        ((2, 2), (1,), 4, 0),
        ((2**70,), (0,), 4, 0),
        ((1,) * 40, (1,) * 40, 4, 0),
    ],
)
def test_promises_beyond_the_block_are_damage(
    shape: tuple[int, ...], stride: tuple[int, ...], count: int, offset: int
) -> None:
    with pytest.raises(DamagedPickleError):
        read_pickle(io.BytesIO(b"\x80\x02" + pickled_tensor(shape, stride, count, offset) + b"."), Promises())

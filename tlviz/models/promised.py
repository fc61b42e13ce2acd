"""The tensors that a checkpoint promises: their shapes and where their numbers lie, none of them read yet."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch

from tlviz.models.pickled import DamagedPickleError, Made, Named, Stored

_LARGEST = 2**62
_MOST_SIDES = 16
_MOST_REPEATED = 64 * 2**20
"""A tensor may repeat its numbers (``expand``) up to this many bytes; beyond, few bytes would fill the memory."""
_STORAGES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
    "UntypedStorage": torch.uint8,
}
_TYPES = {name: value for name, value in vars(torch).items() if isinstance(value, torch.dtype)}
_ODD = {
    "_rebuild_sparse_tensor": "sparse",
    "_rebuild_sparse_csr_tensor": "sparse",
    "_rebuild_qtensor": "quantised",
    "_rebuild_meta_tensor_no_storage": "without values, of the meta device",
    "_rebuild_nested_tensor": "nested",
    "_rebuild_wrapper_subclass": "of a class of its own",
    "_rebuild_device_tensor_from_numpy": "of another device",
    "_rebuild_device_tensor_from_cpu_tensor": "of another device",
    "_rebuild_xla_tensor": "of another device",
}
"""The calls of torch's pickles that make something else than a plain tensor, and what that is."""
_AROUND = {"_rebuild_parameter", "_rebuild_parameter_with_state"}
_TYPED = {"_rebuild_from_type", "_rebuild_from_type_v2"}

PLAIN_NAMES = frozenset(
    {
        Named("collections", "OrderedDict"),
        Named("torch", "Size"),
        *(Named("torch._utils", f"_rebuild_{kind}") for kind in ("tensor", "tensor_v2", "tensor_v3", "parameter")),
        *(Named(module, name) for module in ("torch", "torch.storage") for name in _STORAGES),
        *(Named("torch", name) for name in _TYPES),
    }
)
"""The globals of a file with nothing but plain tensors, text and numbers."""


@dataclass(frozen=True, slots=True)
class Block:
    """A run of numbers beside the pickle: its name, their type, and how many there are said to be."""

    key: str
    dtype: torch.dtype
    count: int

    @property
    def size(self) -> int:
        """Return how many bytes it is said to have."""
        return self.count * self.dtype.itemsize


@dataclass(frozen=True, slots=True, eq=False)
class Promise:
    """A tensor that a file promises; ``odd`` says what it is where it is no plain one that can be read."""

    shape: torch.Size
    dtype: torch.dtype | None = None
    block: Block | None = None
    offset: int = 0
    stride: tuple[int, ...] = ()
    odd: str = ""

    def numel(self) -> int:
        """Return how many numbers it says it has."""
        return math.prod(self.shape)


class Promises:
    """Answers the calls of a pickle: ``found`` gathers the tensors, ``blocks`` the runs of numbers they lie in."""

    def __init__(self) -> None:
        self.found: list[Promise] = []
        self.blocks: dict[str, Block] = {}

    def __call__(self, name: Named, arguments: Any) -> Any:
        """Return what a call stands for: a ``Promise``, or None for what is no tensor.  Raises as ``read_pickle``."""
        if not isinstance(arguments, tuple):
            return None
        if name == Named("torch", "Size"):
            return tuple(arguments[0]) if arguments and isinstance(arguments[0], tuple | list) else None
        if name.module == "torch._tensor" and name.name in _TYPED:
            inner, _, given = arguments[:3]
            return self(inner, given) if isinstance(inner, Named) else None
        if name.module != "torch._utils":
            return None
        if name.name in _AROUND:
            return arguments[0] if isinstance(arguments[0], Promise) else None
        promise = self._odd(name.name) if name.name in _ODD else self._plain(name.name, arguments)
        if promise is not None:
            self.found.append(promise)
        return promise

    def _odd(self, name: str) -> Promise:
        return Promise(torch.Size(()), odd=_ODD[name])

    def _plain(self, name: str, arguments: tuple[Any, ...]) -> Promise | None:
        """Describe a plain tensor, whose numbers must lie inside its block."""
        if name not in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"):
            return None
        stored, offset, shape, stride = arguments[0], arguments[1], _sides(arguments[2]), _sides(arguments[3])
        dtype = _TYPES.get(arguments[6].name) if name.endswith("v3") and isinstance(arguments[6], Named) else None
        block, begin = self._block(stored)
        if block is None:
            return Promise(torch.Size(shape), odd="quantised or of a type that is not known here")
        dtype = dtype or block.dtype
        offset = begin + _number(offset)
        count = block.size // dtype.itemsize
        if len(shape) != len(stride):
            raise DamagedPickleError("its pickle is damaged: a tensor with sides and no steps")
        last = offset + sum((side - 1) * step for side, step in zip(shape, stride, strict=True))
        total = math.prod(shape)
        if total and last >= count:
            said = " x ".join(map(str, shape))[:60]
            raise DamagedPickleError(f"a tensor of {said} numbers lies outside the {count:,} that the file has for it")
        repeats = total > count and total * dtype.itemsize > _MOST_REPEATED
        metadata = arguments[7:8] if name.endswith("v3") else arguments[6:7]
        odd = "made of far fewer numbers than it shows" if repeats else ""
        if metadata and metadata[0]:
            odd = "a conjugated or negated view"
        return Promise(torch.Size(shape), dtype, block, offset, stride, odd)

    def _block(self, stored: Any) -> tuple[Block | None, int]:
        """Return the block that a storage names, and at which of its numbers the storage begins."""
        identity = stored.identity if isinstance(stored, Stored) else None
        if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
            raise DamagedPickleError("its pickle is damaged: a tensor without a storage")
        kind, key, _, count = identity[1:5]
        dtype = _STORAGES.get(kind.name) if isinstance(kind, Named) else None
        if dtype is None:
            return None, 0
        block = Block(str(key)[:200], dtype, _number(count))
        known = self.blocks.setdefault(block.key, block)
        if known.size < block.size:
            self.blocks[block.key] = block
        view = identity[5] if len(identity) > 5 else None
        return block, _number(view[1]) if isinstance(view, tuple) and len(view) == 3 else 0


def _sides(value: Any) -> tuple[int, ...]:
    if isinstance(value, Made) and len(value.arguments) == 1:
        value = value.arguments[0]
    if not isinstance(value, tuple | list) or len(value) > _MOST_SIDES:
        raise DamagedPickleError("its pickle is damaged: a tensor without a shape")
    return tuple(map(_number, value))


def _number(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < _LARGEST:
        raise DamagedPickleError("its pickle is damaged: a size that is no number")
    return int(value)

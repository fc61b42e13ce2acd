"""A pretended GPU: tensors keep a note of where they would be, and what would fail on a real one fails here.

The numbers are the CPU's.  Tensors that would lie on different devices do not compute together, none on the GPU turns
into numpy's, networks compute in bfloat16, and every wait for the device is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

FREE, TOTAL = 2**33, 2**34
_CPU, _GPU = torch.device("cpu"), torch.device("cuda", 0)
_TAG = "is_on_pretended_gpu"
_ACROSS = ("aten.copy_", "aten.index.Tensor", "aten.index_put", "aten._index_put_impl_")
"""What takes tensors of both: copies, and indices from memory."""
_WAITING = ("aten._local_scalar_dense", "aten.nonzero")
_WORDS = {torch.device, torch._C._nn._parse_to}
"""What speaks of devices and makes no tensor."""
_TO_NUMPY = {Tensor.numpy, Tensor.__array__, Tensor.tolist}


class _Tags:
    """Which storages lie on the pretended GPU, as they note themselves, and how often it was waited for."""

    def __init__(self) -> None:
        self.waits = 0
        self.makes_on_gpu = False
        """Within a call about a tensor on the GPU: what that makes for itself lies there too."""

    def has(self, tensor: Tensor) -> bool:
        return getattr(tensor.untyped_storage(), _TAG, False)

    def move(self, value: Any, *, to_gpu: bool) -> Any:
        for leaf in tree_leaves(value):
            if isinstance(leaf, Tensor):
                setattr(leaf.untyped_storage(), _TAG, to_gpu)
        return value


class _Computing(TorchDispatchMode):
    """Lets tensors compute where they lie, in training and in backward passes alike."""

    def __init__(self, tags: _Tags) -> None:
        super().__init__()
        self._tags = tags

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        on_gpu = [self._tags.has(tensor) for tensor in tensors]
        name = str(func)
        if any(on_gpu) and not name.startswith(_ACROSS):
            strays = [tensor for tensor, there in zip(tensors, on_gpu, strict=True) if not there and tensor.ndim]
            assert not strays, f"{name} takes tensors of both devices"
        if name.startswith(_ACROSS):
            self._tags.waits += len(set(on_gpu)) > 1
        elif any(on_gpu):
            self._tags.waits += name.startswith(_WAITING)
        result = func(*args, **(kwargs or {}))
        is_there = on_gpu[0] if name.startswith(_ACROSS) else any(on_gpu)
        is_there |= not tensors and self._tags.makes_on_gpu
        return self._tags.move(result, to_gpu=True) if is_there else result


class _Asking(TorchFunctionMode):
    """Takes what is asked of a GPU to the CPU, and remembers it."""

    def __init__(self, tags: _Tags) -> None:
        super().__init__()
        self._tags = tags

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _WORDS:
            return func(*args, **kwargs)
        if func == Tensor.device.__get__:  # type: ignore[attr-defined]
            return _GPU if self._tags.has(args[0]) else func(*args)
        if func == Tensor.is_cuda.__get__:  # type: ignore[attr-defined]
            return self._tags.has(args[0])
        if func is Tensor.pin_memory:
            assert not self._tags.has(args[0]), "only what lies in memory can be pinned"
            return args[0]
        if func in _TO_NUMPY:
            if func is Tensor.tolist:
                self._tags.waits += self._tags.has(args[0])
            else:
                assert not self._tags.has(args[0]), "what lies on a GPU does not turn into numpy's"
        if func is Tensor.cpu:
            return self._brought(args[0], func(*args, **kwargs), to_gpu=False, waits=True)
        wanted = next((_device(leaf) for leaf in tree_leaves((args, kwargs)) if _device(leaf)), None)
        if wanted is None:
            tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
            self._tags.makes_on_gpu, waits = any(map(self._tags.has, tensors)), self._tags.waits
            try:
                return func(*args, **kwargs)
            finally:
                self._tags.makes_on_gpu = False
                if func is torch.nn.functional.one_hot:  # looks for labels out of range, but not on a GPU
                    self._tags.waits = waits
        args, kwargs = tree_map(lambda leaf: _CPU if _device(leaf) else leaf, (args, kwargs))
        result = func(*args, **kwargs)
        if func is Tensor.to:
            waits = not kwargs.get("non_blocking", False)
            return self._brought(args[0], result, to_gpu=wanted.type == "cuda", waits=waits)
        return self._tags.move(result, to_gpu=wanted.type == "cuda") if isinstance(result, Tensor) else result

    def _brought(self, before: Tensor, after: Tensor, *, to_gpu: bool, waits: bool) -> Tensor:
        """Return a tensor that was asked for on a device; where it is no other storage yet, as a copy."""
        if self._tags.has(before) == to_gpu:
            return after
        self._tags.waits += waits
        if after.untyped_storage()._cdata == before.untyped_storage()._cdata:
            after = after.clone(memory_format=torch.preserve_format)
        self._tags.move(after, to_gpu=to_gpu)
        return after


def _device(leaf: Any) -> torch.device | None:
    if isinstance(leaf, torch.device):
        return leaf
    return torch.device(leaf) if isinstance(leaf, str) and leaf in {"cuda", "cuda:0", "cpu"} else None


@contextmanager
def pretended_gpu(patch: pytest.MonkeyPatch) -> Iterator[_Tags]:
    """Have a GPU for a while; ``waits`` of what is yielded counts how often it was waited for."""
    tags = _Tags()
    patch.setattr(torch.cuda, "is_available", lambda: True)
    patch.setattr(torch.cuda, "mem_get_info", lambda *_: (FREE, TOTAL))
    patch.setattr(torch.cuda, "max_memory_allocated", lambda *_: FREE)
    patch.setattr(torch.cuda, "reset_peak_memory_stats", lambda *_: None)
    patch.setattr(torch.cuda, "empty_cache", lambda: None)
    autocast = torch.autocast
    patch.setattr(torch, "autocast", lambda device, dtype: autocast("cpu", dtype) if device == "cuda" else None)
    load = torch.load

    def load_there(file: Any, *, map_location: Any, **options: Any) -> Any:
        is_gpu = torch.device(map_location).type == "cuda"
        return tags.move(load(file, map_location="cpu", **options), to_gpu=is_gpu)

    patch.setattr(torch, "load", load_there)
    with _Computing(tags), _Asking(tags):
        yield tags

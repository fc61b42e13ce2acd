"""What a network is made of, as far as attribution methods care: one pass of shapes, written down by layer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from tlviz.models.hooks import kept_modes

ACTIVATIONS = frozenset(
    {
        "relu",
        "relu6",
        "hardtanh",
        "gelu",
        "silu",
        "sigmoid",
        "tanh",
        "hardswish",
        "hardsigmoid",
        "mish",
        "elu",
        "selu",
        "celu",
        "leaky_relu",
        "softplus",
        "softsign",
        "prelu",
        "rrelu",
        "logsigmoid",
        "softmax",
        "log_softmax",
    }
)
ATTENTION = frozenset({"scaled_dot_product_attention", "multi_head_attention_forward"})
NORMS = frozenset({"layer_norm", "group_norm", "instance_norm", "local_response_norm", "normalize", "rms_norm"})
_PRODUCTS = frozenset(
    {
        "mul",
        "multiply",
        "__mul__",
        "__rmul__",
        "__imul__",
        "matmul",
        "__matmul__",
        "bmm",
        "einsum",
        "baddbmm",
        "div",
        "true_divide",
        "__truediv__",
    }
)
_TWO = 2


@dataclass(frozen=True, slots=True)
class Call:
    """One function of torch that was called: its name, and the innermost module that was running."""

    name: str
    path: str
    layer: nn.Module

    @property
    def is_by_module(self) -> bool:
        """Return whether a layer of its own calls it, which hooks can see, and not some larger module's code."""
        return self.layer.__class__.__module__.startswith("torch.nn.modules.") and not any(self.layer.children())


@dataclass(slots=True)
class Anatomy:
    """The activations, poolings, norms and products of two activations in one forward pass, and each layer's runs."""

    calls: list[Call] = field(default_factory=list)
    runs: dict[str, int] = field(default_factory=dict)

    def of(self, names: frozenset[str]) -> list[Call]:
        """Return the calls of the named functions in their order."""
        return [call for call in self.calls if call.name in names]


def examine(module: nn.Module, side: int) -> Anatomy:
    """Run two pictures through a module in eval mode, as shapes only where it allows that, and note what is called.

    Modes and hooks are restored; hold the network's lock.
    """
    with kept_modes(module), torch.no_grad():
        module.eval()
        own = dict(module.named_parameters()) | dict(module.named_buffers())
        empty = {name: torch.empty_like(tensor, device="meta") for name, tensor in own.items()}
        try:
            return _watch(module, torch.zeros(_TWO, 3, side, side, device="meta"), empty)
        except (NotImplementedError, RuntimeError):  # some operation wants numbers
            return _watch(module, torch.zeros(_TWO, 3, side, side, device=next(iter(own.values())).device), {})


def _watch(module: nn.Module, pictures: Tensor, tensors: dict[str, Tensor]) -> Anatomy:
    found = Anatomy()
    running: list[tuple[str, nn.Module]] = [("", module)]
    with ExitStack() as stack:
        for path, layer in module.named_modules():
            if path:
                before = layer.register_forward_pre_hook(_begin(found, running, path, layer))
                after = layer.register_forward_hook(lambda *_: _end(running))
                stack.callback(before.remove)
                stack.callback(after.remove)
        stack.enter_context(_Listener(found, running))
        torch.func.functional_call(module, tensors, (pictures,))
    return found


def _begin(found: Anatomy, running: list[tuple[str, nn.Module]], path: str, layer: nn.Module) -> Callable[..., None]:
    def begin(*_: object) -> None:
        running.append((path, layer))
        found.runs[path] = found.runs.get(path, 0) + 1

    return begin


def _end(running: list[tuple[str, nn.Module]]) -> None:
    running.pop()


class _Listener(TorchFunctionMode):
    """Notes the functions that matter, each with the innermost running module."""

    def __init__(self, found: Anatomy, running: list[tuple[str, nn.Module]]) -> None:
        super().__init__()
        self._found, self._running = found, running

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = _name(func)
        if name in ACTIVATIONS | ATTENTION | NORMS | {"max_pool"} or (name in _PRODUCTS and _mixes(args)):
            path, layer = self._running[-1]
            self._found.calls.append(Call("product" if name in _PRODUCTS else name, path, layer))
        return result


def _name(func: Any) -> str:
    name = str(getattr(func, "__name__", func))
    if "max_pool" in name or func is functional.max_pool2d:
        return "max_pool"
    return name if name.startswith("__") else name.rstrip("_")


def _mixes(args: tuple[Any, ...]) -> bool:
    """Return whether two tensors that depend on the pictures are multiplied: both have a row for each picture."""
    tensors = [arg for arg in args if isinstance(arg, Tensor)]
    return len(tensors) == _TWO and all(t.ndim > 1 and t.shape[0] % _TWO == 0 and t.shape[0] > 0 for t in tensors)

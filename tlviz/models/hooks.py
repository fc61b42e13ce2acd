"""Hooks and modes as contexts: whatever happens inside, a network is left as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from torch import Tensor, nn

Observer = Callable[[str, nn.Module, Tensor], None]


@contextmanager
def forward_hooks(layers: Mapping[str, nn.Module], observe: Observer) -> Iterator[None]:
    """Call ``observe(path, layer, output)`` at the end of every forward of the given layers.

    Of several outputs it gets the first.  All hooks are removed at the end, also after an exception.
    """
    with ExitStack() as stack:
        for path, layer in layers.items():
            handle = layer.register_forward_hook(_hook(path, observe))
            stack.callback(handle.remove)
        yield


@contextmanager
def kept_modes(module: nn.Module) -> Iterator[None]:
    """Leave every module in the training or eval mode it was in, also after an exception."""
    modes = {layer: layer.training for layer in module.modules()}
    try:
        yield
    finally:
        for layer, mode in modes.items():
            layer.training = mode


def _hook(path: str, observe: Observer) -> Callable[[nn.Module, object, Tensor | tuple[Tensor, ...]], None]:
    def hook(layer: nn.Module, _inputs: object, output: Tensor | tuple[Tensor, ...]) -> None:
        observe(path, layer, output if isinstance(output, Tensor) else output[0])

    return hook

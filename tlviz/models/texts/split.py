"""An encoder cut in two at a stage end: what crosses are hidden states, with their mask as the last channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from tlviz.models.hooks import kept_modes
from tlviz.models.spec import Stage
from tlviz.models.split import CannotSplitError, SplitNetwork
from tlviz.models.texts.encoder import first_of, mask_of, pooled

TOLERANCE = 1e-4
"""Halves that answer otherwise than the whole, by more than rounding, are not used."""


class _Reached(Exception):  # noqa: N818 (how a pass ends early)
    """The end of the prefix: nothing behind it has to run."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output


class _Prefix(nn.Module):
    """The first stages: token numbers (n, L) in, hidden states with their mask (n, L, D + 1) out.

    Where the head gets pooled tokens and all blocks are in it, that is pooled already: (n, 1, D + 1).
    """

    def __init__(self, whole: nn.Module, end: str, *, pools: bool) -> None:
        super().__init__()
        self.whole = whole
        self._end, self._pools = end, pools
        self._epsilon: float = whole.epsilon  # type: ignore[assignment]

    def forward(self, tokens: Tensor) -> Tensor:
        mask = mask_of(tokens, self.whole.pad)  # type: ignore[arg-type]

        def stop(_layer: nn.Module, _inputs: object, output: Any) -> NoReturn:
            raise _Reached(output)

        handle = self.whole.get_submodule(self._end).register_forward_hook(stop)
        try:
            self.whole.run(tokens, mask, is_pooled=True)  # type: ignore[operator]
        except _Reached as reached:
            hidden = pooled(reached.output, mask, self._epsilon) if self._pools else first_of(reached.output)
        finally:
            handle.remove()
        kept = torch.ones_like(hidden[..., 0], dtype=torch.bool) if self._pools else mask
        return torch.cat([hidden, kept.to(hidden.dtype)[..., None]], -1)


class _Tail(nn.Module):
    """The other stages: what a prefix gives in, logits out; the modules of the first stages only hand it on."""

    def __init__(self, whole: nn.Module, passed: Sequence[str], kinds: Sequence[int], *, pools: bool) -> None:
        super().__init__()
        self.whole = whole
        self._passed, self._pools = tuple(zip(passed, kinds, strict=True)), pools

    def forward(self, crossing: Tensor) -> Tensor:
        hidden, mask = crossing[..., :-1], mask_of(crossing, 0)
        tokens = torch.zeros(mask.shape, dtype=torch.long, device=crossing.device)
        with ExitStack() as stack:
            for path, count in self._passed:
                stack.enter_context(_handing_on(self.whole.get_submodule(path), hidden, count))
            logits: Tensor = self.whole.run(tokens, mask, is_pooled=self._pools)  # type: ignore[operator]
        return logits


@contextmanager
def _handing_on(layer: nn.Module, hidden: Tensor, count: int) -> Iterator[None]:
    """Let a module give ``hidden``, in a tuple of ``count`` where that is not 0, without computing anything."""
    answer: Any = (hidden, *[None] * (count - 1)) if count else hidden
    forward: Callable[..., Any] = lambda *_, **__: answer  # noqa: E731 (an attribute)
    layer.__dict__["forward"] = forward
    try:
        yield
    finally:
        layer.__dict__.pop("forward", None)


def split_encoder(module: nn.Module, stages: Sequence[Stage], depth: int) -> SplitNetwork:
    """Cut an encoder behind its first ``depth`` stages, weights shared.

    Raises ``CannotSplitError`` where the halves do not answer as the whole does.
    """
    if not 1 <= depth < len(stages):
        raise ValueError(f"depth {depth} is outside 1 to {len(stages) - 1}")
    pools = depth == len(stages) - 1 and bool(module.pools)
    passed = [stages[0].modules[-1], *(path for stage in stages[1:depth] for path in stage.modules)]
    kinds: dict[str, int] = {}
    tokens = torch.ones(2, 3, dtype=torch.long, device=next(module.parameters()).device) + module.pad  # type: ignore[operator]
    tokens[1, 2] = module.pad  # type: ignore[assignment]
    with ExitStack() as stack, kept_modes(module), torch.no_grad():
        module.eval()
        for path in passed:

            def note(_layer: nn.Module, _inputs: object, output: Any, path: str = path) -> None:
                kinds[path] = len(output) if isinstance(output, tuple) else 0

            stack.callback(module.get_submodule(path).register_forward_hook(note).remove)
        whole = module(tokens)
    halves = SplitNetwork(
        _Prefix(module, stages[depth - 1].modules[-1], pools=pools),
        _Tail(module, passed, [kinds[path] for path in passed], pools=pools),
    )
    with kept_modes(module), torch.no_grad():
        module.eval()
        found = halves.tail(halves.prefix(tokens))
    # A new head answers with thousandths, so the difference is measured by the answers themselves.
    if not (found - whole).abs().max() <= TOLERANCE * whole.abs().max():
        name = type(module).__name__
        raise CannotSplitError(f"{name} cannot be split behind {stages[depth - 1].name}, it runs whole.")
    halves.prefix.training = halves.tail.training = module.training
    return halves

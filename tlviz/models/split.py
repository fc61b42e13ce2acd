"""A network cut in two at a stage end: what is frozen runs once, what trains runs every time."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, fx, nn

from tlviz.errors import TlvizError
from tlviz.models.hooks import kept_modes
from tlviz.models.spec import Stage

_UNTRACEABLE = (
    fx.proxy.TraceError, TypeError, ValueError, RuntimeError, AttributeError, AssertionError, LookupError,
)  # fmt: skip
"""What code raises that wants the number behind a traced value."""


class CannotSplitError(TlvizError):
    """A network whose way from one stage to the next cannot be followed; it runs whole instead."""


@dataclass(frozen=True, slots=True)
class Split:
    """Two modules with ``tail(prefix(x)) == network(x)``, made of the network's own modules: weights are shared.

    Both follow ``train()`` and ``eval()``.  Move the network to its device before it is split.
    """

    prefix: nn.Module
    tail: nn.Module


def split_network(module: nn.Module, stages: Sequence[Stage], depth: int) -> Split:
    """Cut a network behind its first ``depth`` stages (1 to the number of stages less one) with ``torch.fx``.

    The modules of the stages stay whole; only what connects them is traced, once for training and once for eval,
    because tracing bakes that in.  Modes are left as they were.  Raises ``CannotSplitError`` where that way depends
    on numbers, or more than one tensor crosses.
    """
    if not 1 <= depth < len(stages):
        raise ValueError(f"depth {depth} is outside 1 to {len(stages) - 1}")
    units = frozenset(path for stage in stages for path in stage.modules)
    end = stages[depth - 1].modules[-1]
    with kept_modes(module):
        training = _halves(module, _follow(module.train(), units), end)
        evaluating = _halves(module, _follow(module.eval(), units), end)
        prefix, tail = (_Half(*pair) for pair in zip(training, evaluating, strict=True))
    prefix.training = tail.training = module.training
    return Split(prefix, tail)


class _Half(nn.Module):
    """One side of the cut: the graph for training and the one for eval, over the same modules."""

    def __init__(self, training: fx.GraphModule, evaluating: fx.GraphModule) -> None:
        super().__init__()
        self.for_training = training
        self.for_eval = evaluating

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.for_training(x) if self.training else self.for_eval(x)
        return result


class _Tracer(fx.Tracer):
    """Follows a network's own code down to the modules of its stages, and not into them."""

    def __init__(self, units: frozenset[str]) -> None:
        super().__init__()
        self._units = units

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return module_qualified_name in self._units or super().is_leaf_module(m, module_qualified_name)


def _follow(module: nn.Module, units: frozenset[str]) -> fx.Graph:
    """Trace a network in its present mode, its options at their defaults."""
    options = list(inspect.signature(module.forward).parameters.values())[1:]
    defaults = {option.name: option.default for option in options if option.default is not option.empty}
    try:
        return _Tracer(units).trace(module, concrete_args=defaults or None)
    except _UNTRACEABLE as error:
        raise CannotSplitError(f"{type(module).__name__} cannot be split, it runs whole: {error}") from error


def _halves(module: nn.Module, graph: fx.Graph, end: str) -> tuple[fx.GraphModule, fx.GraphModule]:
    """Cut a graph behind the last call of the module ``end``."""
    calls = [node for node in graph.nodes if node.op == "call_module" and node.target == end]
    if not calls:
        raise CannotSplitError(f"{type(module).__name__} cannot be split behind {end}, it runs whole.")
    boundary = calls[-1]
    last = next(node for node in graph.nodes if node.op == "output")
    prefix, tail = fx.Graph(), fx.Graph()
    inside: dict[fx.Node, fx.Node] = {}
    for node in _needed(graph, boundary, stop=None):
        inside[node] = prefix.node_copy(node, inside.__getitem__)
    prefix.output(inside[boundary])
    outside = {boundary: tail.placeholder("x")}
    for node in _needed(graph, last, stop=boundary):
        if node.op == "placeholder":
            raise CannotSplitError(
                f"{type(module).__name__} cannot be split behind {end}, it runs whole: more than one value crosses."
            )
        outside[node] = tail.node_copy(node, outside.__getitem__)
    return fx.GraphModule(module, prefix), fx.GraphModule(module, tail)


def _needed(graph: fx.Graph, node: fx.Node, stop: fx.Node | None) -> list[fx.Node]:
    """Return the nodes that a node is computed from and itself, in order, not looking behind ``stop``."""
    found, waiting = {node}, [node]
    while waiting:
        for before in waiting.pop().all_input_nodes:
            if before is not stop and before not in found:
                found.add(before)
                waiting.append(before)
    return [node for node in graph.nodes if node in found]

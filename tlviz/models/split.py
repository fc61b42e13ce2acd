"""A network cut in two at a stage end: what is frozen runs once, what trains runs every time."""

from __future__ import annotations

import inspect
import itertools
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from tlviz.errors import TlvizError
from tlviz.models.hooks import kept_modes
from tlviz.models.spec import Stage

_UNTRACEABLE = (
    fx.proxy.TraceError, TypeError, ValueError, RuntimeError, AttributeError, AssertionError, LookupError,
)  # fmt: skip
"""What code raises that wants the number behind a traced value."""


_POOLING = (
    nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.AvgPool2d, nn.MaxPool2d, nn.Flatten, nn.Identity, nn.ReLU, nn.ReLU6,
)  # fmt: skip
_POOLING_CALLS = frozenset({
    functional.adaptive_avg_pool2d, functional.avg_pool2d, functional.max_pool2d, functional.relu, torch.relu,
    torch.flatten, torch.mean, operator.getitem, "flatten", "mean", "relu",
})  # fmt: skip
"""What has no weights, draws nothing at random, is the same in training and eval, and leaves no more numbers."""


class CannotSplitError(TlvizError):
    """A network whose way from one stage to the next cannot be followed; it runs whole instead."""


@dataclass(frozen=True, slots=True)
class SplitNetwork:
    """Two modules with ``tail(prefix(x)) == network(x)``, made of the network's own modules: weights are shared.

    Both follow ``train()`` and ``eval()``.  Move the network to its device before it is split.
    """

    prefix: nn.Module
    tail: nn.Module


def split_network(module: nn.Module, stages: Sequence[Stage], depth: int) -> SplitNetwork:
    """Cut a network behind its first ``depth`` stages (1 to the number of stages less one) with ``torch.fx``.

    What only pools or flattens the tensor that crosses is done before it crosses: it is smaller then.  The modules of
    the stages stay whole; only what connects them is traced, once for training and once for eval, because tracing bakes
    that in.  Modes are left as they were.  Raises ``CannotSplitError`` where that way depends on numbers, or more than
    one tensor crosses.
    """
    if not 1 <= depth < len(stages):
        raise ValueError(f"depth {depth} is outside 1 to {len(stages) - 1}")
    units = frozenset(path for stage in stages for path in stage.modules)
    end = stages[depth - 1].modules[-1]
    with kept_modes(module):
        training, evaluating = _follow(module.train(), units), _follow(module.eval(), units)
        endings = zip(_ending(module, training, end), _ending(module, evaluating, end), strict=False)
        *_, cuts = itertools.takewhile(lambda pair: pair[0].target == pair[1].target, endings)
        halves = [_halves(module, graph, cut) for graph, cut in zip((training, evaluating), cuts, strict=True)]
        prefix, tail = (_Half(*pair) for pair in zip(*halves, strict=True))
    prefix.training = tail.training = module.training
    return SplitNetwork(prefix, tail)


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


def _halves(module: nn.Module, graph: fx.Graph, boundary: fx.Node) -> tuple[fx.GraphModule, fx.GraphModule]:
    """Cut a graph behind one of its nodes."""
    last = next(node for node in graph.nodes if node.op == "output")
    prefix, tail = fx.Graph(), fx.Graph()
    inside: dict[fx.Node, fx.Node] = {}
    for node in _needed(graph, boundary, stop=None):
        inside[node] = prefix.node_copy(node, inside.__getitem__)
    prefix.output(inside[boundary])
    outside = {boundary: tail.placeholder("x")}
    for node in _needed(graph, last, stop=boundary):
        if node.op == "placeholder":
            where = f"{type(module).__name__} cannot be split behind {boundary.target}"
            raise CannotSplitError(f"{where}, it runs whole: more than one value crosses.")
        outside[node] = tail.node_copy(node, outside.__getitem__)
    return fx.GraphModule(module, prefix), fx.GraphModule(module, tail)


def _ending(module: nn.Module, graph: fx.Graph, end: str) -> Iterator[fx.Node]:
    """Yield the last call of the module ``end``, then what only pools its output, as long as nobody else sees it."""
    calls = [node for node in graph.nodes if node.op == "call_module" and node.target == end]
    if not calls:
        raise CannotSplitError(f"{type(module).__name__} cannot be split behind {end}, it runs whole.")
    node = calls[-1]
    yield node
    while len(node.users) == 1:
        node = next(iter(node.users))
        if len(node.all_input_nodes) != 1 or not _only_pools(module, node):
            return
        yield node


def _only_pools(module: nn.Module, node: fx.Node) -> bool:
    if node.op != "call_module":
        return node.target in _POOLING_CALLS
    layer = module.get_submodule(str(node.target))
    return all(isinstance(inner, _POOLING) for inner in layer.modules() if not any(inner.children()))


def _needed(graph: fx.Graph, node: fx.Node, stop: fx.Node | None) -> list[fx.Node]:
    """Return the nodes that a node is computed from and itself, in order, not looking behind ``stop``."""
    found, waiting = {node}, [node]
    while waiting:
        for before in waiting.pop().all_input_nodes:
            if before is not stop and before not in found:
                found.add(before)
                waiting.append(before)
    return [node for node in graph.nodes if node in found]

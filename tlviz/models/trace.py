"""One forward pass of a network, written down: what ran, in which order, at what cost, and through which nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from tlviz.models.hooks import kept_modes

Node = Any
"""A node of autograd's graph, which torch gives no common type."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One executed module: when it ended, its output's shape, the multiply-adds inside, and whether it is a cut.

    Everything that depends on the picture passes through the output of a cut.  ``shape`` is None where the output is
    not one tensor; ``runs`` counts how often the module was called.
    """

    path: str
    end: int
    shape: tuple[int, ...] | None
    macs: int
    is_cut: bool
    runs: int


@dataclass(frozen=True, slots=True)
class Trace:
    """A forward pass: the executed modules in the order of their ends, by path.

    ``logit_layers`` are the layers with weights whose output reaches the logits through no other such layer;
    ``uses`` gives after how many ends each parameter or buffer was first used.
    """

    visits: Mapping[str, Visit]
    logit_layers: tuple[str, ...]
    uses: Mapping[str, int]
    logits: tuple[int, ...]


def is_weight_leaf(layer: nn.Module) -> bool:
    """Return whether a module is a layer with a weight matrix or kernel of its own, and not a container."""
    weight = getattr(layer, "weight", None)
    return isinstance(weight, nn.Parameter) and weight.ndim >= 2 and not any(layer.children())


def trace(module: nn.Module, sample: Tensor) -> Trace:
    """Run a network once in eval mode on one picture (1, 3, H, W) and write down what happened.

    The pass computes shapes only (on torch's meta device) wherever the network allows it.  Multiply-adds are those of
    convolutions, matrix products and attention, by ``torch.utils.flop_counter``.  Mode and hooks are restored.
    """
    with kept_modes(module):
        module.eval()
        try:
            return _run(module, sample, _as_meta(module))
        except (NotImplementedError, RuntimeError):  # some operation wants numbers
            return _run(module, sample, None)


def _as_meta(module: nn.Module) -> dict[str, Tensor]:
    """Return all parameters and buffers as tensors without content."""
    tensors = dict(module.named_parameters()) | dict(module.named_buffers())
    return {name: torch.empty_like(tensor, device="meta") for name, tensor in tensors.items()}


def _run(module: nn.Module, sample: Tensor, tensors: dict[str, Tensor] | None) -> Trace:
    own = dict(module.named_parameters()) | dict(module.named_buffers())
    recorder = _Recorder(module, tensors or own)
    device = "meta" if tensors else sample.device
    picture = torch.zeros(sample.shape, device=device, requires_grad=True)
    with recorder.watching(), torch.enable_grad():
        start = picture.clone(memory_format=torch.channels_last)
        logits = torch.func.functional_call(module, tensors or {}, (start,))
    return recorder.finish(_only_tensor(logits), start.grad_fn)


def _only_tensor(output: object) -> Tensor:
    tensors = [leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor)]
    return tensors[0]


@dataclass(slots=True)
class _Entry:
    shape: tuple[int, ...] | None
    node: Node
    macs: int
    end: int
    runs: int


@dataclass
class _Recorder:
    """Notes the ends of modules while a network runs."""

    module: nn.Module
    tensors: Mapping[str, Tensor]
    entries: dict[str, _Entry] = field(default_factory=dict)
    uses: dict[str, int] = field(default_factory=dict)
    clock: int = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch modules, multiply-adds, parameters and buffers; nothing stays behind."""
        counter = _Counter()
        names = {id(tensor): name for name, tensor in self.tensors.items()}
        with ExitStack() as stack:
            stack.enter_context(counter)
            stack.enter_context(_UseWatch(lambda tensor: self._used(names.get(id(tensor)))))
            for path, layer in self.module.named_modules():
                if path:
                    begun: list[int] = []
                    before = layer.register_forward_pre_hook(_note_begin(begun, counter))
                    stack.callback(before.remove)
                    after = layer.register_forward_hook(self._note_end(path, begun, counter))
                    stack.callback(after.remove)
            yield

    def _used(self, name: str | None) -> None:
        if name is not None:
            self.uses.setdefault(name, self.clock)

    def _note_end(self, path: str, begun: list[int], counter: _Counter) -> Callable[..., None]:
        def note(_layer: nn.Module, _inputs: object, output: object) -> None:
            macs = counter.macs - begun.pop()
            shape, node = (tuple(output.shape), output.grad_fn) if isinstance(output, Tensor) else (None, None)
            earlier = self.entries.pop(path, None)
            self.clock += 1
            runs, macs = (earlier.runs + 1, earlier.macs + macs) if earlier else (1, macs)
            self.entries[path] = _Entry(shape, node, macs, self.clock, runs)

        return note

    def finish(self, logits: Tensor, start: Node) -> Trace:
        """Read the cuts and the logit layers from autograd's graph."""
        cuts = _cuts(logits.grad_fn, start)
        visits = {
            path: Visit(path, entry.end, entry.shape, entry.macs, entry.node in cuts, entry.runs)
            for path, entry in self.entries.items()
        }
        return Trace(visits, self._logit_layers(logits.grad_fn), dict(self.uses), tuple(logits.shape))

    def _logit_layers(self, root: Node) -> tuple[str, ...]:
        leaves: dict[Node, str] = {}
        for path, entry in self.entries.items():
            if entry.node is not None and is_weight_leaf(self.module.get_submodule(path)):
                leaves.setdefault(entry.node, path)
        found: set[str] = set()
        seen, waiting = {root}, [root]
        while waiting:
            node = waiting.pop()
            if node in leaves:
                found.add(leaves[node])
                continue
            following = [n for n in _inputs(node) if n not in seen]
            seen.update(following)
            waiting.extend(following)
        return tuple(path for path in self.entries if path in found)


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the multiply-adds of everything that runs."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.macs = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.macs += int(count(*args, **(kwargs or {}), out_val=result)) // 2
        return result


class _UseWatch(TorchFunctionMode):
    """Reports every tensor that a function is called with."""

    def __init__(self, tell: Callable[[Tensor], None]) -> None:
        super().__init__()
        self._tell = tell

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for leaf in tree_leaves((args, kwargs or {})):
            if isinstance(leaf, Tensor):
                self._tell(leaf)
        return func(*args, **(kwargs or {}))


def _note_begin(begun: list[int], counter: _Counter) -> Callable[..., None]:
    def note(*_: object) -> None:
        begun.append(counter.macs)

    return note


def _inputs(node: Node) -> list[Node]:
    return [before for before, _ in node.next_functions if before is not None]


def _cuts(root: Node, start: Node) -> set[Node]:
    """Return the nodes through which every way from the picture to the logits goes.

    A node is on all ways where (ways up to it) x (ways on from it) is the number of all ways.
    """
    order = _topological(root)
    up = dict.fromkeys(order, 0) | {root: 1}
    for node in order:
        for before in _inputs(node):
            up[before] += up[node]
    on = dict.fromkeys(order, 0) | {start: 1}
    for node in reversed(order):
        on[node] += sum(on[before] for before in _inputs(node))
    return {node for node in order if on[node] and up[node] * on[node] == on[root]}


def _topological(root: Node) -> Sequence[Node]:
    """Order the nodes below a root so that each comes after all that use it."""
    order: list[Node] = []
    done: set[Node] = set()
    waiting: list[tuple[Node, bool]] = [(root, False)]
    while waiting:
        node, is_left = waiting.pop()
        if is_left:
            order.append(node)
        elif node not in done:
            done.add(node)
            waiting.append((node, True))
            waiting.extend((before, False) for before in _inputs(node) if before not in done)
    return order[::-1]

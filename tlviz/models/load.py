"""From a catalogue row to a network in memory, its weights checked before they are used."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import torch
from torch import Tensor, nn

from tlviz.errors import BadWeightsError
from tlviz.models.build import build_module
from tlviz.models.classes import source_classes
from tlviz.models.head import head_keys, initialise_head, set_dropout
from tlviz.models.resize import fit_positions
from tlviz.models.spec import ModelSpec, Preprocessing, Stage
from tlviz.models.stages import derive_stages, picture_sample
from tlviz.models.weights import read_weights

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Network:
    """A network with its catalogue row, stages and class names; hold ``lock`` around anything that hooks it."""

    spec: ModelSpec
    module: nn.Module
    stages: tuple[Stage, ...]
    classes: tuple[str, ...]
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


def load_network(spec: ModelSpec, *, size: int | None = None) -> Network:
    """Load a pretrained network with its source classes, in eval mode; ``size`` as for ``build_for_target``.

    One that was pretrained without classes gets a single, meaningless logit and no class names.
    Raises ``BadWeightsError`` where the weights are missing or are not the ones of the catalogue.
    """
    if spec.own and spec.class_count == 1:
        raise BadWeightsError(
            f"{spec.name} has a single output and was imported when that was not understood; delete it and import it "
            "again, so that its output is read as a sigmoid."
        )
    with torch.random.fork_rng(devices=[]):
        module, stages = _load(spec, max(1, spec.class_count), size, may_lack_head=not spec.class_count)
    return Network(spec, module.eval(), stages, source_classes(spec))


def describe(spec: ModelSpec, module: nn.Module, classes: tuple[str, ...]) -> Network:
    """Wrap a built and loaded module with its catalogue row, its stages and class names."""
    return Network(spec, module, _stages(spec, module), classes)


def build_for_target(
    spec: ModelSpec,
    classes: tuple[str, ...],
    *,
    pretrained: bool,
    seed: int,
    dropout: float | None = None,
    size: int | None = None,
) -> Network:
    """Build a network with a new head for the target's classes; the rest is pretrained, or random from ``seed``.

    ``size`` is the side of the pictures it will see, None the weights' own; the network's row says it afterwards.
    Raises ``BadWeightsError`` as ``load_network``, ``BadSettingError`` for a size that the architecture cannot take.
    """
    sized = replace(spec, preprocessing=replace(spec.preprocessing, size=size)) if size else spec
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        if pretrained:
            module, stages = _load(spec, len(classes), size, may_lack_head=True)
        else:
            module = build_module(spec, len(classes), size=size)
            stages = _stages(sized, module)
        initialise_head(module, stages)
    if dropout is not None:
        set_dropout(module, stages, dropout)
    return Network(sized, module.eval(), stages, classes)


def architecture_stages(spec: ModelSpec, class_count: int, *, grouped: bool = True) -> tuple[Stage, ...]:
    """Return the stages a network has with a head for this many classes, or every block; no weights are read."""
    return architecture(spec, class_count, grouped=grouped)[1]


def architecture(spec: ModelSpec, class_count: int, *, grouped: bool = True) -> tuple[nn.Module, tuple[Stage, ...]]:
    """Return a network without memory, on the meta device, with a head for this many classes, and its stages."""
    with torch.random.fork_rng(devices=[]):
        module = build_module(spec, max(1, class_count), initialise=False, device="meta")
        return module, derive_stages(module, picture_sample(spec.preprocessing.size), grouped=grouped)


def normalise(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Turn uint8 pixels (N, H, W, 3) into the float input (N, 3, H, W) the weights expect, channels_last."""
    count, height, width, _ = pixels.shape
    mean, std = _scale(preprocessing, width, pixels.device)
    # Row by row: along three channels alone nothing can be vectorised, which took eight times as long.
    rows = pixels.contiguous().view(count, height, width * 3).to(torch.float32, copy=True).sub_(mean).div_(std)
    return rows.view(count, height, width, 3).permute(0, 3, 1, 2)


@lru_cache(maxsize=64)
def _scale(preprocessing: Preprocessing, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of a row of pixels (width * 3); kept, because bringing them to a GPU waits for it."""
    mean, std = (
        torch.tensor(values, device=device).mul(255).repeat(width) for values in (preprocessing.mean, preprocessing.std)
    )
    return mean, std


def _load(
    spec: ModelSpec, class_count: int, size: int | None, *, may_lack_head: bool
) -> tuple[nn.Module, tuple[Stage, ...]]:
    """Build a network around its weights; what they lack of the head, or have in another size, starts at random."""
    plan = build_module(spec, class_count, size=size, initialise=False, device="meta")
    weights = fit_positions(read_weights(spec, size), plan)
    wanted = plan.state_dict()
    fitting = {name: value for name, value in weights.items() if name in wanted and value.shape == wanted[name].shape}
    module = _assemble(spec, plan, fitting, class_count, size)
    stages = derive_stages(module, picture_sample(size or spec.preprocessing.size))
    lacking = wanted.keys() - fitting.keys() - (head_keys(module, stages) if may_lack_head else set())
    if lacking:
        more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
        raise BadWeightsError(
            f"The weights of {spec.name} do not fit its architecture: {', '.join(sorted(lacking)[:_NAMED])}{more} "
            "are missing or of another shape."
        )
    if lacking != wanted.keys() - fitting.keys():
        initialise_head(module, stages)
    return module, stages


def _assemble(
    spec: ModelSpec, plan: nn.Module, fitting: Mapping[str, Tensor], class_count: int, size: int | None
) -> nn.Module:
    """Put weights into an architecture without memory, or where that keeps numbers of its own, into a built one."""
    if _needs_building(plan):
        module = build_module(spec, class_count, size=size, initialise=False)
        module.load_state_dict(dict(fitting), strict=False)
        return module
    rest = {name: torch.zeros_like(value, device="cpu") for name, value in plan.state_dict().items()}
    plan.load_state_dict({name: _channels_last(value) for name, value in {**rest, **fitting}.items()}, assign=True)
    return plan


def _needs_building(plan: nn.Module) -> bool:
    """Return whether a module computes tensors when it is built that no weights file holds."""
    stored = plan.state_dict().keys()
    if any(name not in stored for name, _ in plan.named_buffers()):
        return True
    return any(isinstance(value, Tensor) for layer in plan.modules() for value in vars(layer).values())


def _channels_last(value: Tensor) -> Tensor:
    return value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value


def _stages(spec: ModelSpec, module: nn.Module) -> tuple[Stage, ...]:
    return derive_stages(module, picture_sample(spec.preprocessing.size))

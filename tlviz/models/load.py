"""From a catalogue row to a network in memory, its weights checked before they are used."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from tlviz.errors import BadWeightsError
from tlviz.models.classes import source_classes
from tlviz.models.head import initialise_head, set_dropout
from tlviz.models.media import side_of
from tlviz.models.picture_side import normalise as normalise
from tlviz.models.spec import ModelSpec, Stage


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
        module, stages = side_of(spec).load_weights(
            spec, max(1, spec.class_count), size, may_lack_head=not spec.class_count
        )
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
            module, stages = side_of(spec).load_weights(spec, len(classes), size, may_lack_head=True)
        else:
            module = side_of(spec).build_network(spec, len(classes), size=size)
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
        module = side_of(spec).build_network(spec, max(1, class_count), initialise=False, device="meta")
        return module, side_of(spec).find_stages(spec, module, grouped=grouped)


def _stages(spec: ModelSpec, module: nn.Module) -> tuple[Stage, ...]:
    return side_of(spec).find_stages(spec, module)

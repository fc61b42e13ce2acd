"""What the rest of the program knows of a network: frozen descriptions, no torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from tlviz.errors import BadSettingError, BadWeightsError, UnknownNameError
from tlviz.home import ASSETS
from tlviz.medium import WORDS, Medium


class Provider(StrEnum):
    """The library that builds the network from its name."""

    TORCHVISION = "torchvision"
    TIMM = "timm"
    TRANSFORMERS = "transformers"


class Sizing(StrEnum):
    """How an architecture takes pictures of another side than its own.

    ``FREE``: as built.  ``SIDE`` and ``PAIR``: rebuilt, the builder's ``size_argument`` given as one number or as
    height and width.  ``FIXED``: not at all.
    """

    FREE = "free"
    SIDE = "side"
    PAIR = "pair"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How the weights want their pictures: sides in pixels, ``mean`` and ``std`` for RGB in 0 to 1.

    ``crop_fraction`` is the share of the resized side that the weights' own centre crop keeps.
    """

    size: int
    interpolation: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    crop_fraction: float


class Pooling(StrEnum):
    """What of a text's tokens goes to the head: what its library takes, mostly the first; or the mean of all."""

    OWN = "own"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Tokens:
    """How an encoder wants its texts: at most ``size`` tokens, shorter ones filled up with ``pad``.

    ``tokenizer`` is the folder with its tokenizer; ``config`` is what its library builds it from, as JSON, '' where
    that lies there too.
    """

    size: int
    pad: int
    pooling: Pooling
    tokenizer: Path
    config: str = field(repr=False, default="")

    @property
    def config_text(self) -> str:
        """What the library builds it from, as JSON.  Raises ``BadWeightsError`` where it cannot be read."""
        if self.config:
            return self.config
        path = self.tokenizer / "config.json"
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadWeightsError(f"The configuration {path} cannot be read: {error}.") from error


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One pretrained network: who builds it, where its weights lie, what it was trained on and how to feed it.

    ``architecture`` is the library's own name for the builder and ``tag`` its name for the weights.  ``gmacs`` are
    thousand million multiply-adds for one picture of its own size; ``accuracy`` is top-1 on ImageNet-1k, a fraction;
    both None where unknown.  ``file_mb`` is the size of the weights file, for timm that of its tensors.
    ``class_count`` is 0 where the weights answer with features instead of named classes.  ``min_size`` is the smallest
    side that runs, ``max_size`` the largest where there is one, and sides are multiples of ``size_step``; of a text
    encoder these are tokens.  ``keys`` is a fingerprint of the tensors' names.
    The weights are a file on this machine (``weights``, checked by ``sha256``), one of the Hugging Face hub
    (``hub_id``) or one at ``url``.  ``classes`` are named here only for a person's own checkpoint,
    and ``notes`` say what was assumed when it was imported.  ``transform_input`` matters where an architecture can
    rescale its input to what torchvision's weights were trained on: all of the catalogue's do.
    """

    name: str
    title: str
    provider: Provider
    architecture: str
    tag: str
    family: str
    sentence: str
    parameters: int
    gmacs: float | None
    file_mb: float
    accuracy: float | None
    recipe: str
    licence: str
    source: str
    class_count: int
    preprocessing: Preprocessing | Tokens
    min_size: int = 32
    max_size: int | None = None
    size_step: int = 1
    sizing: Sizing = Sizing.FREE
    size_argument: str = ""
    keys: str = ""
    url: str = ""
    hub_id: str = ""
    weights: Path | None = None
    sha256: str = ""
    classes: tuple[str, ...] = ()
    transform_input: bool = True
    notes: tuple[str, ...] = ()

    @property
    def medium(self) -> Medium:
        """What the network takes."""
        return Medium.TEXTS if isinstance(self.preprocessing, Tokens) else Medium.PICTURES

    @property
    def pixels(self) -> Preprocessing:
        """How the weights want their pictures.  Raises ``BadSettingError`` for a network that takes none."""
        if isinstance(self.preprocessing, Tokens):
            raise BadSettingError(
                f"{self.title} takes texts, and this is for pictures; choose {WORDS[Medium.PICTURES].network}."
            )
        return self.preprocessing

    @property
    def tokens(self) -> Tokens:
        """How the weights want their texts.  Raises ``BadSettingError`` for a network that takes none."""
        if isinstance(self.preprocessing, Preprocessing):
            raise BadSettingError(
                f"{self.title} takes pictures, and this is for texts; choose {WORDS[Medium.TEXTS].network}."
            )
        return self.preprocessing

    @property
    def bundled(self) -> bool:
        """Return whether the weights ship with the program."""
        return self.weights is not None and self.weights.is_relative_to(ASSETS)

    @property
    def own(self) -> bool:
        """Return whether the weights are the person's own."""
        return self.weights is not None and not self.bundled

    def takes(self, side: int) -> bool:
        """Return whether the network can be built for and run on pictures of this side."""
        if side == self.preprocessing.size:
            return True
        fits = self.min_size <= side <= (self.max_size or side)
        return self.sizing is not Sizing.FIXED and fits and side % self.size_step == 0

    def size_keywords(self, side: int) -> dict[str, Any]:
        """Return what the builder must be given for pictures of this side: nothing where any side runs as built."""
        return size_keywords(self.sizing, self.size_argument, side)


def check_size(spec: ModelSpec, side: int) -> None:
    """Raise ``BadSettingError`` where a network cannot take pictures of a side in pixels, or so many tokens."""
    if spec.takes(side):
        return
    own = spec.preprocessing.size
    if spec.medium is Medium.TEXTS:
        raise BadSettingError(
            f"{spec.title} takes texts of {spec.min_size} to {spec.max_size} tokens, best {own}; the limit is {side}."
        )
    if spec.sizing is Sizing.FIXED:
        raise BadSettingError(
            f"{spec.title} only takes pictures of {own} pixels; image size is {side}, set it to {own}."
        )
    steps = f" in steps of {spec.size_step}" if spec.size_step > 1 else ""
    raise BadSettingError(
        f"{spec.title} takes pictures of {spec.min_size} pixels or more{steps}, best {own}; the image size is {side}."
    )


def size_keywords(sizing: Sizing, argument: str, side: int) -> dict[str, Any]:
    """Return a builder's keywords for pictures of a side."""
    match sizing:
        case Sizing.SIDE:
            return {argument: side}
        case Sizing.PAIR:
            return {argument: (side, side)}
    return {}


class Layout(StrEnum):
    """The meaning of an output's axes, the batch first.

    ``MAPS`` (N, C, H, W), ``MAPS_LAST`` (N, H, W, C), ``TOKENS`` (N, T, C) where the last square number of tokens is a
    grid and what stands before it are extra ones (class token, registers), ``FLAT`` (N, D).
    """

    MAPS = "maps"
    MAPS_LAST = "maps last"
    TOKENS = "tokens"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Stage:
    """An ordered group of blocks: the unit of freezing, of learning rates and of every chart.

    ``modules`` are dotted module paths in execution order; ``parameters`` counts scalars; ``reduction`` is how many
    input pixels one output pixel spans along a side, to the nearest power of two; ``cost_share`` is the stage's share
    of the forward multiply-adds, 0 to 1; ``tensors`` are parameters and buffers outside these modules that belong to
    the stage (a class token); ``layout`` is its output's memory layout.
    """

    name: str
    modules: tuple[str, ...]
    parameters: int
    channels: int
    reduction: int
    cost_share: float
    tensors: tuple[str, ...] = ()
    layout: Layout = Layout.MAPS


def find_stage(stages: Iterable[Stage], name: str, called: str = "stage") -> Stage:
    """Return one of some stages by its name; ``called`` says what they are.  Raises ``UnknownNameError``."""
    by_name = {stage.name: stage for stage in stages}
    if name not in by_name:
        raise UnknownNameError(called, name, by_name)
    return by_name[name]

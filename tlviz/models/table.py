"""The networks that ship and those that the libraries offer: two rows here, the rest in a generated table.

``python -m tlviz.models.generate`` makes the table beside this file.  Reading it imports neither torch nor timm.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tlviz.errors import UnknownNameError
from tlviz.home import ASSETS
from tlviz.models.describe import IMAGENET
from tlviz.models.spec import ModelSpec, Pooling, Preprocessing, Provider, Sizing, Tokens

TABLE = Path(__file__).with_name("table.json")
_WEIGHTS = ASSETS / "weights"
_ENCODER = _WEIGHTS / "all-MiniLM-L6-v2"

BUNDLED: Mapping[str, ModelSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            ModelSpec(
                name="squeezenet1_1",
                title="SqueezeNet 1.1",
                provider=Provider.TORCHVISION,
                architecture="squeezenet1_1",
                tag="bundled",
                family="squeezenet",
                sentence="A small plain network: eight fire modules that squeeze and expand channels, no "
                "normalisation.",
                parameters=1_235_496,
                gmacs=0.349,
                file_mb=4.95,
                accuracy=0.575,  # the paper's (arXiv:1602.07360) of 1.0; the authors say that 1.1 loses none of it
                recipe="https://github.com/forresti/SqueezeNet",
                licence="BSD-2-Clause",
                source=IMAGENET,
                class_count=1000,
                preprocessing=Preprocessing(224, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 0.875),
                weights=_WEIGHTS / "squeezenet1_1.imagenet1k.safetensors",
                sha256="f50ffc81a7cd3ad5d89df02eb92852b5feb60468a49a02fdd806872ac8b92167",
            ),
            ModelSpec(
                name="tf_efficientnet_lite0",
                title="EfficientNet-Lite0",
                provider=Provider.TIMM,
                architecture="tf_efficientnet_lite0",
                tag="bundled",
                family="efficientnet",
                sentence="A modern mobile network: seven groups of inverted residual blocks with batch normalisation.",
                parameters=4_652_008,
                gmacs=0.4,
                file_mb=9.42,
                accuracy=0.751,  # its authors', in float32, on the page of its recipe
                recipe="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
                licence="Apache-2.0",
                source=IMAGENET,
                class_count=1000,
                preprocessing=Preprocessing(224, "bicubic", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 0.875),
                weights=_WEIGHTS / "tf_efficientnet_lite0.imagenet1k.fp16.safetensors",
                sha256="e4cbad50614e239f4f7827337990ec9473e53198956ec98281c507e304612529",
            ),
        )
    }
)
"""The networks for pictures whose weights ship with the program, by name."""


ENCODERS: Mapping[str, ModelSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            ModelSpec(
                name="all-MiniLM-L6-v2",
                title="MiniLM sentence encoder",
                provider=Provider.TRANSFORMERS,
                architecture="bert",
                tag="bundled",
                family="bert",
                sentence="A small text encoder for English: six transformer blocks, 384 numbers a token, the mean of "
                "all tokens for the head.",
                parameters=22_713_216,
                gmacs=1.4,
                file_mb=45.44,
                accuracy=None,
                recipe="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
                licence="Apache-2.0",
                source="over a billion pairs of English sentences that belong together",
                class_count=0,
                preprocessing=Tokens(128, 0, Pooling.MEAN, _ENCODER),
                min_size=8,
                max_size=512,
                weights=_ENCODER / "model.safetensors",
                sha256="57238e228aa3a43eb79013c5d8e325452d32566a1e430a75056aa1d52ef36abe",
            ),
        )
    }
)
"""The text encoders whose weights ship with the program, by name."""


class _Catalogue(Mapping[str, ModelSpec]):
    """All networks by name, what ships first; the table is read when it is first needed."""

    def __getitem__(self, name: str) -> ModelSpec:
        return BUNDLED.get(name) or ENCODERS.get(name) or _table()[name]

    def __iter__(self) -> Iterator[str]:
        yield from BUNDLED
        yield from ENCODERS
        yield from _table()

    def __len__(self) -> int:
        return len(BUNDLED) + len(ENCODERS) + len(_table())


MODELS: Mapping[str, ModelSpec] = _Catalogue()
"""Every network that ships or that a library offers; the person's own checkpoints are not among them."""


def default_of(architecture: str) -> ModelSpec | None:
    """Return the library's default weights of an architecture, or None where no row has it."""
    return MODELS.get(_defaults().get(architecture, ""))


def find_architecture(provider: Provider, architecture: str) -> ModelSpec:
    """Return any network of an architecture, a bundled one first.  Raises ``UnknownNameError``."""
    for spec in MODELS.values():
        if (spec.provider, spec.architecture) == (provider, architecture):
            return spec
    raise UnknownNameError("architecture", architecture, {spec.architecture for spec in MODELS.values()})


def table_versions() -> dict[str, str]:
    """Return the versions of the libraries that the table was made for."""
    return dict(_content()["made_for"])


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(TABLE.read_bytes())
    return content


@cache
def _table() -> Mapping[str, ModelSpec]:
    content = _content()
    rows = [_row(dict(zip(content["fields"], row, strict=True))) for row in content["rows"]]
    return MappingProxyType({spec.name: spec for spec in rows})


@cache
def _defaults() -> Mapping[str, str]:
    """Return the name of the default weights of each architecture that has no row under its bare name."""
    return MappingProxyType({spec.architecture: spec.name for spec in reversed(list(_table().values()))})


def _row(values: dict[str, Any]) -> ModelSpec:
    size, interpolation, mean, std, crop = values["preprocessing"]
    preprocessing = Preprocessing(size, interpolation, tuple(mean), tuple(std), crop)
    enums = {"provider": Provider(values["provider"]), "sizing": Sizing(values["sizing"])}
    return ModelSpec(**(values | enums | {"preprocessing": preprocessing}))

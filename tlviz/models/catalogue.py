"""The networks a person can pick, as a table.  Listing it imports neither torch nor timm."""

from __future__ import annotations

from tlviz.errors import UnknownNameError
from tlviz.home import ASSETS
from tlviz.models.spec import ModelSpec, Preprocessing, Provider

_WEIGHTS = ASSETS / "weights"

MODELS: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        ModelSpec(
            name="squeezenet1_1",
            title="SqueezeNet 1.1",
            provider=Provider.TORCHVISION,
            sentence="A small plain network: eight fire modules that squeeze and expand channels, no normalisation.",
            parameters=1_235_496,
            weights=_WEIGHTS / "squeezenet1_1.imagenet1k.safetensors",
            sha256="f50ffc81a7cd3ad5d89df02eb92852b5feb60468a49a02fdd806872ac8b92167",
            licence="BSD-2-Clause",
            source="ImageNet-1k: 1.28 million photographs of 1,000 kinds of object",
            preprocessing=Preprocessing(224, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 0.875),
        ),
        ModelSpec(
            name="tf_efficientnet_lite0",
            title="EfficientNet-Lite0",
            provider=Provider.TIMM,
            sentence="A modern mobile network: seven groups of inverted residual blocks with batch normalisation.",
            parameters=4_652_008,
            weights=_WEIGHTS / "tf_efficientnet_lite0.imagenet1k.fp16.safetensors",
            sha256="e4cbad50614e239f4f7827337990ec9473e53198956ec98281c507e304612529",
            licence="Apache-2.0",
            source="ImageNet-1k: 1.28 million photographs of 1,000 kinds of object",
            preprocessing=Preprocessing(224, "bicubic", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 0.875),
        ),
    )
}


def find_model(name: str) -> ModelSpec:
    """Return the catalogue row of a network.  Raises ``UnknownNameError`` with the nearest names."""
    if name not in MODELS:
        raise UnknownNameError("network", name, MODELS)
    return MODELS[name]

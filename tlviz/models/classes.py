"""The names of the classes that pretrained weights answer with."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from tlviz import vision
from tlviz.models.spec import ModelSpec


def source_classes(spec: ModelSpec) -> tuple[str, ...]:
    """Return a network's class names in the order of its logits, () where it has none."""
    if spec.classes or not spec.class_count:
        return spec.classes
    return _imagenet_1k() if spec.class_count == len(_imagenet_1k()) else _imagenet(spec.class_count)


@cache
def _imagenet_1k() -> tuple[str, ...]:
    weights = vision.torchvision().models.SqueezeNet1_1_Weights.IMAGENET1K_V1
    return tuple(weights.meta["categories"])


@cache
def _imagenet(count: int) -> tuple[str, ...]:
    """Return the first name of each class of the ImageNet subset of this size, as timm lists them."""
    vision.timm()
    info = import_module("timm.data.imagenet_info")
    subset = info.infer_imagenet_subset({"num_classes": count})
    names = info.ImageNetInfo(subset).label_descriptions()
    return tuple(name.partition(",")[0] for name in names)

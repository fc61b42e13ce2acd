"""How a network of the table is called and described, from the names its library gives it."""

from __future__ import annotations

import re

IMAGENET = "ImageNet-1k: 1.28 million photographs of 1,000 kinds of object"

_DATA = {
    "in1k": "ImageNet-1k",
    "imagenet1k": "ImageNet-1k",
    "in12k": "ImageNet-12k",
    "in21k": "ImageNet-21k",
    "in22k": "ImageNet-22k",
    "inw21k": "ImageNet-W21k",
    "swag": "Instagram pictures and their hashtags",
    "ig1b": "Instagram pictures and their hashtags",
    "seer": "Instagram pictures without labels",
    "jft": "JFT-300M",
    "yfcc100m": "YFCC-100M",
    "yfcc15m": "YFCC-15M pictures and their captions",
    "cc12m": "CC-12M pictures and their captions",
    "laion2b": "LAION-2B pictures and their captions",
    "laiona": "LAION-Aesthetic pictures and their captions",
    "laion400m": "LAION-400M pictures and their captions",
    "datacompxl": "DataComp pictures and their captions",
    "datacomp1b": "DataComp pictures and their captions",
    "openai": "OpenAI's pictures and their captions",
    "metaclip": "MetaCLIP's pictures and their captions",
    "metaclip2": "MetaCLIP 2's pictures and their captions",
    "merged2b": "LAION-2B and COYO pictures and their captions",
    "dfn2b": "DFN-2B pictures and their captions",
    "dfn5b": "DFN-5B pictures and their captions",
    "dfndr2b": "DFNDR-2B pictures and their captions",
    "webli": "WebLI pictures and their captions",
    "lvd142m": "LVD-142M without labels",
    "lvd1689m": "LVD-1689M without labels",
    "sat493m": "satellite pictures without labels",
    "sa1b": "SA-1B",
    "dino": "ImageNet-1k without labels",
    "mae": "ImageNet-1k without labels",
    "fcmae": "ImageNet-1k without labels",
    "mim": "masked pictures",
}
"""What each part of a tag says of the data."""


def describe_source(tag: str, class_count: int) -> str:
    """Say in words what weights were trained on, in the order of training, from their tag."""
    parts = sorted(tag.split("_"), key="imagenet1k".__eq__)  # torchvision names first what came last
    known = [_DATA[part] for part in parts if part in _DATA]
    steps = [step for at, step in enumerate(known) if at == 0 or step != known[at - 1]]
    if steps == ["ImageNet-1k"] or (not steps and class_count == 1000):
        return IMAGENET
    return ", then ".join(steps) if steps else "data that its page describes"


def title_of(name: str, tag: str, class_name: str = "") -> str:
    """Write an architecture's name as a title: spaces, points in numbers, its class's capitals where it has them."""
    if class_name and name.lower().startswith(class_name.lower()):
        name = class_name + name[len(class_name) :]
    pointed = re.sub(r"(?<!\d)(\d)_(\d)(?!\d)", r"\1.\2", name)
    words = pointed.replace("_", " ").strip()
    return f"{words} ({tag})" if tag else words


def sentence_of(class_name: str, side: int, source: str, documentation: str = "") -> str:
    """Describe a network in one sentence: its library's, or one made of its class, its data and its pictures."""
    plain = re.sub(r"`+([^`<]*?)\s*(?:<[^>]*>)?`+_*", r"\1", " ".join(documentation.split()))
    first = re.split(r"(?<=[a-z)])\.\s", plain + " ")[0].strip().rstrip(".")
    if first:
        return f"{first}."
    kind = re.sub(r"(?<=[a-z]{3})(?=[A-Z][a-z]{3})", " ", class_name)
    return f"{kind} trained on {source.partition(':')[0]}, for pictures of {side} x {side} pixels."

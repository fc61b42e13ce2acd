"""What architectures reveal when they are built and run without memory."""

from __future__ import annotations

import hashlib

from torch import nn

from tlviz.models.catalogue import MODELS
from tlviz.models.probe import CLASSES, Size, classifies, fingerprint, gmacs, measure, on_meta
from tlviz.models.spec import Sizing


def test_the_probe_finds_what_architectures_allow() -> None:
    facts = {
        name: (MODELS[name].sizing, MODELS[name].size_argument, MODELS[name].size_step, MODELS[name].min_size)
        for name in ("resnet50", "vit_b_16", "maxvit_t", "swin_t", "vit_small_patch14_dinov2.lvd142m")
    }
    assert facts == {
        "resnet50": (Sizing.FREE, "", 1, 32),
        "vit_b_16": (Sizing.SIDE, "image_size", 16, 32),
        "maxvit_t": (Sizing.PAIR, "input_size", 224, 224),
        "swin_t": (Sizing.FREE, "", 1, 32),
        "vit_small_patch14_dinov2.lvd142m": (Sizing.SIDE, "img_size", 1, 32),
    }
    spec = MODELS["maxvit_t"]
    assert spec.size_keywords(448) == {"input_size": (448, 448)}
    assert (spec.takes(448), spec.takes(256), MODELS["vit_b_16"].takes(40)) == (True, False, False)
    fixed = MODELS["halonet26t.a1h_in1k"]
    assert (fixed.sizing, fixed.takes(fixed.preprocessing.size), fixed.takes(224)) == (Sizing.FIXED, True, False)


def network(classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, classes)
    )


def test_a_network_is_measured_as_counted_by_hand() -> None:
    """999,000 weights, 1,000 biases and 2,000 of the BatchNorm; beside them 2,000 statistics and a counter."""
    module = nn.Sequential(nn.Linear(999, 1000), nn.BatchNorm1d(1000))
    assert measure(module) == Size(1_002_000, round((4 * (1_002_000 + 2000) + 8) / 1e6, 2))
    assert gmacs(on_meta(network, CLASSES), 1000) == 0.012


def test_a_fingerprint_is_that_of_the_names_in_any_order() -> None:
    assert fingerprint(["b", "a"]) == fingerprint(["a", "b"]) == hashlib.sha256(b"a\nb").hexdigest()[:8]


def test_only_a_logit_for_each_class_is_an_answer() -> None:
    assert classifies(on_meta(network, CLASSES), 32)
    assert not classifies(on_meta(network, CLASSES + 1), 32)

"""What architectures reveal when they are built and run without memory."""

from __future__ import annotations

from tlviz.models.catalogue import MODELS
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

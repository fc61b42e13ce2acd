"""The kept stages of seventeen architectures; ``python -m tests.unit.models.golden_stages`` writes them anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tlviz.models.catalogue import find_model
from tlviz.models.load import architecture_stages

GOLDEN = Path(__file__).with_name("golden_stages.json")
NAMES = (
    *("squeezenet1_1", "tf_efficientnet_lite0", "alexnet", "vgg16", "resnet50", "densenet121", "googlenet"),
    *("inception_v3", "mobilenet_v3_large", "efficientnet_b0", "regnet_y_400mf", "convnext_base", "vit_b_16", "swin_t"),
    *("deit_small_patch16_224", "mixer_b16_224", "levit_128"),
)


def stage_table(name: str) -> list[list[Any]]:
    """Return a network's stages as rows of name, channels, reduction, layout and modules; no weights are read."""
    stages = architecture_stages(find_model(name), 1000)
    return [[s.name, s.channels, s.reduction, s.layout.value, list(s.modules)] for s in stages]


def main() -> None:
    """Write the file, a stage a line."""
    networks = []
    for name in NAMES:
        rows = ",\n  ".join(json.dumps(row) for row in stage_table(name))
        networks.append(f' "{name}": [\n  {rows}\n ]')
    GOLDEN.write_text("{\n" + ",\n".join(networks) + "\n}\n")


if __name__ == "__main__":
    main()

"""Every network that a person can name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tlviz.errors import UnknownNameError
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.spec import Provider
from tlviz.models.table import find_architecture

ROOT = Path(__file__).resolve().parents[3]


def test_names_and_defaults() -> None:
    assert find_model("resnet50") is MODELS["resnet50"]
    assert find_model("vit_small_patch16_224").name == "vit_small_patch16_224.augreg_in21k_ft_in1k"
    assert find_model("squeezenet1_1").bundled
    assert find_model("squeezenet1_1.imagenet1k_v1").url.endswith("squeezenet1_1-b8a52dc0.pth")
    assert find_architecture(Provider.TIMM, "resnet50").architecture == "resnet50"
    with pytest.raises(UnknownNameError, match=r"try one of: resnet50, \S+, \S+\.$"):
        find_model("resnet-50")
    assert len(MODELS) == len(set(MODELS)) == len({spec.title for spec in MODELS.values()})


def test_listing_is_quick_and_imports_neither_torch_nor_timm() -> None:
    code = (
        "import sys, time; begun = time.perf_counter()\n"
        "from tlviz.models.catalogue import MODELS; from tlviz.models.local_weights import available_models\n"
        "count = len(list(MODELS.values())); available_models(); took = time.perf_counter() - begun\n"
        "imported = [name for name in ('torch', 'timm', 'torchvision') if name in sys.modules]\n"
        "import json; print(json.dumps([count, took, imported]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    count, took, imported = json.loads(done.stdout)
    assert (count, imported) == (len(MODELS), [])
    assert took < 1


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="try one of: squeezenet1_1"):
        find_model("squeezenet11")

"""torchvision imports beside a CPU-only torch and is left alone beside a matching one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tlviz import vision


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_all_three_import_and_torchvision_classifies() -> None:
    code = (
        "import torch; from tlviz import vision\n"
        "captum = vision.captum(); tv = vision.torchvision(); t = vision.timm(); v = vision.transforms()\n"
        "print(tuple(tv.models.squeezenet1_1()(torch.zeros(1, 3, 64, 64)).shape), t.__name__, v.RandAugment.__name__)\n"
        "print(captum.Saliency.__name__)"
    )
    assert "(1, 1000) timm RandAugment\nSaliency" in run(code)


def test_the_names_are_declared_only_where_the_library_cannot_load(monkeypatch: pytest.MonkeyPatch) -> None:
    declared: list[str] = []
    monkeypatch.setattr(vision, "_declare", lambda: declared.append("declared"))
    monkeypatch.setattr(vision, "_compiled_library_loads", lambda: True)
    vision._declare_missing_operators()
    assert not declared
    monkeypatch.setattr(vision, "_compiled_library_loads", lambda: False)
    vision._declare_missing_operators()
    assert declared == ["declared"]


def test_the_verdict_is_torchvisions_own() -> None:
    code = (
        "from tlviz import vision\nmine = vision._compiled_library_loads()\n"
        "print(mine == vision.torchvision().extension._has_ops())"
    )
    assert run(code).strip() == "True"


def test_the_package_itself_imports_neither_torch_nor_plotly_nor_streamlit() -> None:
    code = (
        "import sys, tlviz, tlviz.cli, tlviz.worker, tlviz.runs.summary\n"
        "heavy = ('torch', 'torchvision', 'timm', 'plotly', 'streamlit', 'sklearn', 'peft')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    assert run(code).strip() == "[]"

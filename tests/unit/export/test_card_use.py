"""How a bundle is used follows from the files that are in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from tlviz.export.card_facts import CardFacts
from tlviz.export.card_use import use_lines
from tlviz.models.catalogue import find_model


def facts(*files: str) -> CardFacts:
    none = cast(Any, None)
    empty = CardFacts(none, none, find_model("squeezenet1_1"), none, None, None, None)
    return replace(empty, files=files)


def test_only_what_is_there_is_told() -> None:
    lines = "\n".join(use_lines(facts("predict.py", "train.py")))
    assert "python predict.py picture.jpg" in lines
    assert "predict_onnx.py" not in lines
    assert "`train.py` repeats the training" in lines
    assert "demo.html" not in lines
    assert "built by torchvision" in lines

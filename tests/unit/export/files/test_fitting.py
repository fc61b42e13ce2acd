"""Which formats a run is offered."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tlviz.errors import BadSettingError
from tlviz.export.files.fitting import fitting_formats, wanted_formats, without_adapter, without_timm
from tlviz.export.files.table import FORMATS, Format
from tlviz.finetune.config import configure
from tlviz.models.spec import Provider
from tlviz.runs.store.folder import RunFolder, create_run


def made(model: str, **settings: str) -> RunFolder:
    return create_run("finetune", "x", configure(model, "photos", "full", **settings).to_json())


@pytest.mark.parametrize(
    ("model", "settings", "lacking"),
    [
        ("squeezenet1_1", {}, {Format.TIMM, Format.ADAPTER}),
        ("tf_efficientnet_lite0", {}, {Format.ADAPTER}),
        ("vit_tiny_patch16_224", {"tune": "lora"}, set()),
    ],
)
def test_a_run_is_offered_what_it_can_have(model: str, settings: Mapping[str, str], lacking: set[Format]) -> None:
    assert set(FORMATS) - set(fitting_formats(made(model, **settings))) == lacking


def test_all_leaves_out_what_cannot_be_and_a_name_does_not() -> None:
    run = made("squeezenet1_1")
    assert not {Format.TIMM, Format.ADAPTER} & set(wanted_formats("all", run))
    assert {Format.DEMO, Format.TRAIN} <= set(wanted_formats("all", run))
    assert wanted_formats("timm, pt", run) == [Format.TIMM, Format.PT]
    with pytest.raises(BadSettingError, match="onxx"):
        wanted_formats("onxx", run)


def test_reasons_say_what_to_do_instead() -> None:
    assert without_timm(Provider.TIMM, "resnet18") == ""
    assert "use predict.py" in without_timm(Provider.TORCHVISION, "resnet18")
    assert "--tune lora" in without_adapter({"tune": "all"})

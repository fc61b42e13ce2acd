"""What a network lacks is said before anything is started, in the words of the worker."""

from __future__ import annotations

import pytest
import torch

from tlviz.cli import main
from tlviz.errors import BadSettingError
from tlviz.finetune import tunable
from tlviz.finetune.choices import BatchNorm, Tune
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.freezing import set_trainable
from tlviz.finetune.lora import inject
from tlviz.finetune.tunable import check_tune
from tlviz.models.catalogue import MODELS
from tlviz.models.load import build_for_target
from tlviz.runs import launch
from tlviz.runs.launch import start_finetune, start_race, start_range_test
from tlviz.runs.store.folder import list_runs

VIT = "vit_tiny_patch16_224.augreg_in21k"


def config(model: str, strategy: str = "full", **chosen: object) -> FinetuneConfig:
    return configure(model, "photos", strategy, **chosen)


def refusal(settings: FinetuneConfig) -> str:
    with pytest.raises(BadSettingError) as told:
        check_tune(settings)
    return str(told.value)


def test_the_words_are_those_of_the_worker() -> None:
    network = build_for_target(MODELS["squeezenet1_1"], ("one", "two"), pretrained=True, seed=0, size=64)
    with pytest.raises(BadSettingError) as norms:
        set_trainable(network.module, network.stages, (), Tune.NORMS, BatchNorm.FROZEN)
    with pytest.raises(BadSettingError) as attention:
        inject(network.module, network.stages, (), 4, 0, torch.zeros(1, 3, 64, 64))
    assert refusal(config("squeezenet1_1", "norm_only")) == str(norms.value)
    assert refusal(config("squeezenet1_1", tune=Tune.LORA)) == str(attention.value)


@pytest.mark.parametrize(
    ("model", "strategy", "chosen"),
    [
        ("tf_efficientnet_lite0", "full", {"tune": Tune.LORA}),
        ("vit_b_16", "full", {"tune": Tune.LORA}),
        (VIT, "head_only", {"tune": Tune.LORA}),
        ("vgg11", "norm_only", {}),
    ],
)
def test_what_cannot_be_tuned_so_is_refused(model: str, strategy: str, chosen: dict[str, object]) -> None:
    assert "choose" in refusal(config(model, strategy, **chosen))


@pytest.mark.parametrize(
    ("model", "strategy", "chosen"),
    [
        ("squeezenet1_1", "full", {}),
        ("tf_efficientnet_lite0", "norm_only", {}),
        (VIT, "norm_only", {}),
        (VIT, "last_stages", {"tune": Tune.LORA}),
    ],
)
def test_what_can_is_let_through(model: str, strategy: str, chosen: dict[str, object]) -> None:
    check_tune(config(model, strategy, **chosen))


def test_an_architecture_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config("squeezenet1_1", "norm_only")
    first = refusal(settings)
    monkeypatch.setattr(tunable, "architecture", None)
    assert refusal(settings) == first


def test_nothing_is_made_of_what_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "start_worker", lambda run: None)
    settings = config("squeezenet1_1", "norm_only")
    for start in (start_finetune, start_range_test, lambda one: start_race([config("squeezenet1_1"), one], "strategy")):
        with pytest.raises(BadSettingError, match="no normalisation layers to train"):
            start(settings)
        assert list_runs() == []
    start_finetune(config("tf_efficientnet_lite0", "norm_only"))
    assert len(list_runs()) == 1


def test_the_command_line_says_so_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        ["finetune", "--model", "squeezenet1_1", "--data", "photos", "--strategy", "norm_only"],
        ["finetune", "--model", "squeezenet1_1", "--data", "photos", "--strategy", "full", "--tune", "lora"],
        ["race", "--model", "squeezenet1_1", "--data", "photos", "--strategies", "head_only,norm_only"],
    ):
        assert main(command) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
        assert list_runs() == []

"""What cannot start here is one sentence, whoever asks: the command line, the launcher, the worker."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tlviz.cli import main
from tlviz.errors import BadSettingError, BadWeightsError, TlvizError
from tlviz.finetune.choices import Tune
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.jobs.finetune import set_up
from tlviz.jobs.job import Job
from tlviz.models.catalogue import find_model
from tlviz.models.load import architecture_stages
from tlviz.runs.launch import start_finetune, start_race, start_range_test
from tlviz.runs.startable import check_startable
from tlviz.runs.store.folder import create_run, list_runs

NO_GPU = "device is cuda, but this machine shows no such GPU; choose auto or cpu."


def config(model: str = "squeezenet1_1", strategy: str = "full", **chosen: object) -> FinetuneConfig:
    return configure(model, "photos", strategy, **chosen)


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a GPU, where no worker starts."""
    monkeypatch.setattr("tlviz.runs.store.device._nvidia_name", lambda: None)
    monkeypatch.setattr("tlviz.runs.store.device._is_apple_silicon", lambda: False)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("tlviz.runs.launch.start_worker", lambda run: None)


@pytest.mark.parametrize(
    ("unstartable", "kind", "words"),
    [
        (config(device="cuda"), BadSettingError, NO_GPU),
        (config("resnet50"), BadWeightsError, "The weights of resnet50"),
        (config(freeze=10), BadSettingError, "freeze is 10; it must be between 0"),
        (config(frozen=("stem", "fire0")), TlvizError, "There is no stage called 'fire0'"),
        (config(unfreeze="3"), BadSettingError, "unfreeze holds '3'"),
        (config(tune=Tune.NORMS), BadSettingError, "no normalisation layers to train"),
    ],
)
def test_what_cannot_start_is_refused_before_anything_is_made(
    unstartable: FinetuneConfig, kind: type[TlvizError], words: str
) -> None:
    starts: list[Callable[[], object]] = [
        lambda: check_startable(config(), unstartable),
        lambda: start_finetune(unstartable),
        lambda: start_range_test(unstartable),
        lambda: start_race([config(), unstartable], "plan"),
    ]
    for start in starts:
        with pytest.raises(kind, match=words.replace("(", r"\(")):
            start()
    assert list_runs() == []


def test_what_can_start_is_let_through() -> None:
    check_startable(config(), config(device="cpu"), config(freeze=9), config("resnet50", "from_scratch"))
    stages = architecture_stages(find_model("squeezenet1_1"), 3)
    check_startable(config(frozen=("stem",)), stages=stages)
    with pytest.raises(TlvizError, match="no stage called 'fire3'"):
        check_startable(config(frozen=("fire3",)), stages=stages[:2])


def test_a_gpu_that_only_torch_finds_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    check_startable(config(device="cuda"))


def test_a_worker_asks_the_same() -> None:
    run = create_run("finetune", "x", config(device="cuda").to_json())
    with pytest.raises(BadSettingError) as told:
        set_up(Job(run), FinetuneConfig.from_json(run.config()["settings"]))
    assert str(told.value) == NO_GPU


@pytest.mark.parametrize(
    "command",
    [
        "finetune --data photos",
        "find-rate --data photos",
        "race --data photos",
        "race --data photos --sweep dropout --values 0,1e-1",
    ],
)
def test_the_command_line_refuses_a_gpu_that_is_not_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--device", "cuda"]) == 2
    assert capsys.readouterr().err == f"tlviz: {NO_GPU}\n"
    assert list_runs() == []

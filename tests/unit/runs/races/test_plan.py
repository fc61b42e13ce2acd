"""Planning races: one setting swept, everything else equal."""

from __future__ import annotations

import pytest

from tlviz.data.training.mix_kinds import Mix
from tlviz.errors import BadSettingError, TlvizError, UnknownNameError
from tlviz.finetune.choices import Monitor, Optimizer, Tune
from tlviz.runs.races.plan import COURSE, parse_seeds, parse_values, plan_race, value_words
from tlviz.runs.startable import check_startable
from tlviz.runs.store.folder import list_runs

BASE = {"model": "squeezenet1_1", "data": "clipart", "epochs": 4, "image_size": 96}


def test_runs_differ_in_the_swept_setting_and_the_seed_only() -> None:
    configs = plan_race(BASE, "strategy", COURSE, (0, 1))
    assert [(c.strategy, c.seed) for c in configs] == [(name, seed) for seed in (0, 1) for name in COURSE]
    assert {(c.epochs, c.image_size, c.patience, c.augment, c.views) for c in configs} == {(4, 96, 5, "none", 4)}
    swept = plan_race(BASE | {"strategy": "full"}, "backbone_lr", (1e-5, 1e-4), (3,))
    first, second = (config.to_json() for config in swept)
    assert {name for name in first if first[name] != second[name]} == {"backbone_lr"}


@pytest.mark.parametrize(
    ("sweep", "values", "seeds", "words"),
    [
        ("strategy", ("full", "fulll"), (0,), "no strategy called 'fulll'"),
        ("strategy", ("full", "full"), (0,), "strategy full is given twice"),
        ("strategy", (), (0,), "no strategy to try"),
        ("strategy", ("full",), (1, 1), "seed 1 is given twice"),
        ("head_lr", (1e-3, 0.0), (0,), "head rate is 0; it must be between"),
        ("freeze", (3, 10), (0,), "freeze is 10; it must be between 0"),
        ("threads", (1, 2), (0,), "no setting to sweep called 'threads'"),
        ("dropout", tuple(at / 1000 for at in range(201)), (0,), "201 runs; it can have 200"),
    ],
)
def test_a_race_that_cannot_be_is_one_sentence_and_nothing_is_written(
    sweep: str, values: tuple[object, ...], seeds: tuple[int, ...], words: str
) -> None:
    base = BASE if sweep == "strategy" else BASE | {"strategy": "full"}
    with pytest.raises(TlvizError, match=words):
        check_startable(*plan_race(base, sweep, values, seeds))
    assert not list_runs()


def test_values_are_read_as_their_setting_is() -> None:
    assert parse_values("batch_size", ["8", " 16"]) == (8, 16)
    assert parse_values("optimizer", ["sgd"]) == (Optimizer.SGD,)
    assert parse_seeds("0, 1,2") == (0, 1, 2)
    with pytest.raises(BadSettingError, match="'often' is no value of batch size; write a whole number"):
        parse_values("batch_size", ["often"])
    with pytest.raises(BadSettingError, match="choose from adamw, sgd"):
        parse_values("optimizer", ["adam"])
    with pytest.raises(BadSettingError, match="seeds are 'x'"):
        parse_seeds("x")
    with pytest.raises(UnknownNameError):
        parse_values("speed", ["1"])


@pytest.mark.parametrize(
    ("sweep", "texts", "values"),
    [
        ("mix", ["none", "cutmix"], (Mix.NONE, Mix.CUTMIX)),
        ("tune", ["all", "norms"], (Tune.ALL, Tune.NORMS)),
        ("monitor", ["accuracy", "loss"], (Monitor.ACCURACY, Monitor.LOSS)),
        ("unfreeze_factor", ["0.1", "1"], (0.1, 1.0)),
        ("warmup", ["0", "0.5"], (0.0, 0.5)),
        *((name, ["1", "3"], (1, 3)) for name in ("patience", "views", "accumulate")),
    ],
)
def test_a_swept_setting_reaches_the_runs(sweep: str, texts: list[str], values: tuple[object, ...]) -> None:
    configs = plan_race(BASE | {"strategy": "two_phase", "patience": None}, sweep, parse_values(sweep, texts), (0,))
    assert tuple(getattr(config, sweep) for config in configs) == values
    assert len({value_words(sweep, getattr(config, sweep)) for config in configs}) == 2

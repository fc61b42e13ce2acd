"""A clone of a run is that run: the page starts it with every setting, whether or not it has a field for it."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from enum import StrEnum
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import open_page, text, the_server_knows_the_page_table
from tlviz.finetune.config import SETTINGS, FinetuneConfig, configure
from tlviz.finetune.strategies import find_strategy
from tlviz.runs.store.folder import RunFolder, create_run, list_runs
from tlviz.ui.finetune.carried import Carried
from tlviz.ui.finetune.clone import written
from tlviz.ui.state import Key

__all__ = ["the_server_knows_the_page_table"]

USUAL = configure("squeezenet1_1", "photos", "last_stages", freeze=6)
CHOSEN: dict[str, Any] = {
    "model": "tf_efficientnet_lite0", "data": "clipart", "strategy": "gradual", "freeze": 3, "head_lr": 1.2345678e-3,
    "frozen": ("blocks.1", "stem"), "unfreeze": "3:4, 6:stem+blocks.2", "image_size": 136, "labels_per_class": 7,
    "test_share": 0.15, "folds": 4, "fold": 2, "dropout": 0.35, "unfreeze_factor": 0.3, "layer_decay": 0.6,
    "warmup": 1.5, "device": "cpu", "tune": "norms", "layout": "leaves", "label_column": "kind", "path_column": "file",
    "split_column": "part", "group_column": "patient", "group_pattern": "^([a-z]+)", "class_pattern": "^([a-z])",
    "value_range": "0:4095", "bands": "3,2,1", "no_data": -9999.0,
}  # fmt: skip


def other_than(name: str, usual: Any) -> Any:
    """Return a value that a setting may have and usually has not."""
    match usual:
        case bool():
            return not usual
        case StrEnum():
            return list(type(usual))[-1]
        case int():
            return usual + 1
        case float():
            return usual / 2 or min(0.25, SETTINGS[name].high)
    raise AssertionError(f"write into CHOSEN what {name} shall be")


def unusual() -> FinetuneConfig:
    """Return a run that differs from a usual one in every setting there is, those of tomorrow included."""
    left = [field.name for field in fields(FinetuneConfig) if field.name not in CHOSEN]
    return FinetuneConfig.from_json(CHOSEN | {name: other_than(name, getattr(USUAL, name)) for name in left})


def cloned(settings: FinetuneConfig) -> AppTest:
    """Return the Fine-tune page as a run's button Clone opens it."""
    run = create_run("finetune", "first", settings.to_json())
    (run.path / "events.jsonl").write_text('{"event": "finished", "status": "stopped", "time": 1.0}\n')
    app = open_page("runs", run=run.name)
    app.button(key="run_clone").click().run()
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Fine-tune: how do I train it?"
    return app.switch_page("pages/finetune.py").run()


def started(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> FinetuneConfig:
    """Press Start and return the run it makes."""
    new: list[RunFolder] = []
    monkeypatch.setattr("tlviz.runs.launch.start_worker", new.append)
    next(button for button in app.button if button.label == "Start").click().run()
    assert not app.exception
    assert not app.error
    (run,) = new
    return FinetuneConfig.from_json(run.config()["settings"])


def test_the_page_starts_a_clone_with_every_setting_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run = unusual()
    same = [name for name, value in asdict(run).items() if value == getattr(USUAL, name)]
    assert not same, "each setting of the run is another than usual"
    app = cloned(run)
    carried = "folds 4, fold 2"
    assert f"Also taken over from {list_runs()[0].name}: {carried}." in text(app)
    assert started(app, monkeypatch) == run


@pytest.mark.parametrize(
    ("said", "depth"), [({"freeze": None}, 6), ({"freeze": None, "frozen": ()}, 0), ({"freeze": 2}, 2)]
)
def test_a_depth_that_the_strategy_or_an_empty_set_decided_is_that_depth(
    said: dict[str, Any], depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = started(cloned(replace(USUAL, **said)), monkeypatch)
    assert again == replace(USUAL, freeze=depth)


@pytest.mark.parametrize("strategy", ["norm_only", "surgical"])
def test_a_clone_of_a_plain_run_carries_nothing(strategy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = configure("tf_efficientnet_lite0", "photos", strategy, freeze=0)
    app = cloned(run)
    assert "Also taken over" not in text(app)
    assert started(app, monkeypatch) == run
    app.button_group(key=Key.STRATEGY).set_value("full").run()
    full = find_strategy("full")
    again = started(app, monkeypatch)
    assert (again.tune, again.stage_rates) == (full.tune, full.stage_rates), "another strategy is that strategy"


def test_what_was_carried_can_be_forgotten_and_goes_with_the_next_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    run = replace(USUAL, folds=4, fold=2)
    app = cloned(run)
    app.button(key="forget_carried").click().run()
    assert "Also taken over" not in text(app)
    assert started(app, monkeypatch) == USUAL
    app = cloned(run)
    app.session_state[Key.CARRIED] = Carried("another", {"folds": 9})
    app.switch_page("pages/runs.py").run()
    app.button(key="run_clone").click().run()
    assert app.session_state[Key.CARRIED].settings == {"folds": 4, "fold": 2}


def test_a_share_and_a_budget_off_the_lists_are_shown_on_the_target_page() -> None:
    app = cloned(replace(USUAL, test_share=0.15, labels_per_class=7))
    app.switch_page("pages/target.py").run()
    assert not app.exception
    assert app.selectbox(key=Key.TEST_SHARE).value == 0.15
    assert app.selectbox(key=Key.LABELS).value == "7"


@pytest.mark.parametrize("rate", [1e-3, 2.5e-4, 1.2345678e-3, 3.0, 1e-7])
def test_a_rate_is_written_without_loss(rate: float) -> None:
    assert float(written(rate)) == rate
    assert written(1e-3) == "1e-3"

"""The range test on the Fine-tune page: its button, its curve, and the plan that Use starts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import open_page, text
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.runs.store.kinds import RANGE_TEST
from tlviz.ui.state import Key

FOUND = {"rates": [1e-4, 1e-3, 1e-2, 0.1], "losses": [2.0, 1.5, 1.0, 3.0], "suggested": 4e-3}


def past_test(strategy: str = "last_stages", *, found: dict[str, Any] | None = None, **chosen: object) -> RunFolder:
    """Write the folder of a range test that is over; its last event is ``found``."""
    run = create_run(RANGE_TEST, "x", configure("squeezenet1_1", "clipart", strategy, **chosen).to_json())
    ended = FOUND | {"phases": 1, "with_backbone": True} if found is None else found
    line = {"event": "finished", "time": 1.0, "status": "failed" if "error" in ended else "finished"} | ended
    (run.path / "events.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    return run


def use_buttons(app: AppTest) -> list[Any]:
    return [button for button in app.button if button.label.startswith("Use ")]


def curves(app: AppTest) -> int:
    """Return how many charts have a head rate on their axis."""
    return sum("head rate" in chart.proto.spec for chart in app.get("plotly_chart"))


def rates(app: AppTest) -> tuple[str, str]:
    return app.selectbox(key=Key.HEAD_LR).value, app.selectbox(key=Key.BACKBONE_LR).value


def test_the_button_starts_a_test_of_what_is_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[FinetuneConfig] = []

    def start(config: FinetuneConfig) -> RunFolder:
        started.append(config)
        return past_test(config.strategy, freeze=config.freeze)

    monkeypatch.setattr("tlviz.ui.finetune.range_test.start_range_test", start)
    app = open_page("finetune", target="clipart")
    assert curves(app) == 0
    next(button for button in app.button if button.label == "Find a head rate").click().run()
    assert not app.exception
    assert [(config.strategy, config.freeze) for config in started] == [("last_stages", 6)]
    assert curves(app) == 1
    assert [button.label for button in use_buttons(app)] == ["Use 4e-3"]


def test_use_starts_the_plan_that_was_tested() -> None:
    past_test()
    app = open_page("finetune", target="clipart")
    assert "so Use sets it to 4e-4" in text(app)
    use_buttons(app)[0].click().run()
    assert not app.exception
    assert rates(app) == ("4e-3", "4e-4")
    assert [button.label for button in use_buttons(app)] == ["Use 4e-3"], "it is still the plan that was tested"


def test_the_backbones_rate_stays_inside_its_range() -> None:
    past_test("from_scratch", backbone_lr=10.0)
    app = open_page("finetune", target="clipart", strategy="from_scratch", backbone_lr="10")
    use_buttons(app)[0].click().run()
    assert rates(app) == ("4e-3", "1e+01")


def test_only_the_first_of_several_phases_is_spoken_for_and_a_frozen_backbone_keeps_its_rate() -> None:
    past_test("two_phase", found=FOUND | {"phases": 2, "with_backbone": False})
    app = open_page("finetune", target="clipart", strategy="two_phase")
    assert "rises, in the first phase; the mark" in text(app)
    assert "its rate was not tested and stays" in text(app)
    use_buttons(app)[0].click().run()
    assert rates(app) == ("4e-3", "1e-4")


def test_a_curve_of_other_settings_says_what_differs_and_is_not_offered() -> None:
    past_test(batch_size=8, dropout=0.5)
    app = open_page("finetune", target="clipart")
    assert curves(app) == 1
    assert "Found with other settings: batch size 8 instead of 32, dropout 0.5 instead of unset." in text(app)
    assert not use_buttons(app)
    app.selectbox(key=Key.BACKBONE_LR).select("1e-5").run()
    assert "backbone rate over head rate 0.1 instead of 0.01." in text(app)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (FOUND | {"suggested": None, "phases": 1, "with_backbone": True}, "The loss never fell"),
        ({"error": "The memory ran out."}, "The memory ran out."),
    ],
)
def test_a_test_without_a_rate_offers_none(found: dict[str, Any], words: str) -> None:
    past_test(found=found)
    app = open_page("finetune", target="clipart")
    assert not app.exception
    assert words in text(app)
    assert not use_buttons(app)


def test_a_test_of_another_target_or_with_damaged_settings_is_not_shown() -> None:
    damaged = past_test()
    damaged.path.joinpath("config.json").write_text(
        '{"format": 1, "kind": "range_test", "settings": {"model": "squeezenet1_1", "data": "clipart"}}'
    )
    app = open_page("finetune", target="clipart")
    assert not app.exception
    assert curves(app) == 0
    past_test()
    assert [curves(open_page("finetune", target=target)) for target in ("photos", "clipart")] == [0, 1]

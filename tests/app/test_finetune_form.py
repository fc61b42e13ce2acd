"""The rarer half of the Fine-tune form: any stages, any schedule, the machine, and the plan in words."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_clone import started
from tests.app.test_pages import open_page, text, the_server_knows_the_page_table, trained_run
from tlviz.finetune.choices import StageRates
from tlviz.finetune.config import SETTINGS
from tlviz.finetune.settings import Group
from tlviz.runs.store.folder import list_runs
from tlviz.ui.state import Key

__all__ = ["the_server_knows_the_page_table"]

KINDS = ("number_input", "selectbox", "toggle", "button_group")


def start(app: AppTest) -> Any:
    return next(button for button in app.button if button.label == "Start")


def test_any_stages_any_schedule_and_the_machine_are_started(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("finetune")
    app.multiselect(key=Key.FROZEN).set_value(["stem", "fire5"])
    app.text_input(key=Key.UNFREEZE).set_value("4:stem, 7:0")
    app.button_group(key=Key.STAGE_RATES).set_value(StageRates.GRADIENT)
    app.number_input(key="threads").set_value(3)
    app.number_input(key="cache_mb").set_value(0)
    app.toggle(key="gauges").set_value(False)
    app.toggle(key="deterministic").set_value(True)
    app.toggle(key="compile").set_value(True).run()
    assert "From epoch 1 all but stem, fire5; from epoch 4 the last 9 stages; from epoch 7 everything." in text(app)
    config = started(app, monkeypatch)
    assert (config.frozen, config.unfreeze) == (("stem", "fire5"), "4:stem, 7:0")
    assert config.stage_rates is StageRates.GRADIENT
    assert (config.threads, config.cache_mb, config.gauges) == (3, 0, False)
    assert (config.deterministic, config.compile) == (True, True)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("soon", "unfreeze holds 'soon'; write EPOCH:DEPTH, such as 6:0"),
        ("²:0", "unfreeze holds '²:0'; write EPOCH:DEPTH"),
        ("4:²", "There is no stage called '²'"),
        ("40:0", "unfreeze changes at epoch 40; its epochs must rise and lie between 2 and 10"),
        ("4:fire99", "There is no stage called 'fire99'"),
    ],
)
def test_a_mistake_in_a_schedule_is_a_sentence_by_its_field_and_starts_nothing(typed: str, words: str) -> None:
    app = open_page("finetune", unfreeze=typed)
    assert not app.exception
    by_field, by_start = (error.value for error in app.error)
    assert words in by_field
    assert by_start == "The field Unfreezing, under More, What trains, has a mistake."
    assert start(app).disabled
    app.text_input(key=Key.UNFREEZE).set_value("").run()
    assert not app.error
    assert not start(app).disabled


def test_the_plan_is_in_the_address_and_a_link_prepares_it() -> None:
    wanted = {"strategy": "full", "frozen": "fire3,fire7", "unfreeze": "6:0", "stage_rates": "gradient"}
    app = open_page("finetune", **wanted)
    assert not app.exception
    assert app.multiselect(key=Key.FROZEN).value == ["fire3", "fire7"]
    assert "From epoch 1 all but fire3, fire7; from epoch 6 everything." in text(app)
    assert {name: app.query_params[name] for name in wanted} == wanted
    app.button_group(key=Key.STRATEGY).set_value("head_only").run()
    assert (app.multiselect(key=Key.FROZEN).value, app.text_input(key=Key.UNFREEZE).value) == ([], "")
    assert {"frozen", "unfreeze"}.isdisjoint(app.query_params)
    assert "Only the new head is trained" in text(app)


def test_a_link_to_stages_that_are_not_there_says_so() -> None:
    app = open_page("finetune", frozen="fire3,layer4")
    assert "The link freezes 'layer4', which is no backbone stage here" in app.warning[0].value
    assert app.multiselect(key=Key.FROZEN).value == []
    assert not app.exception


def test_another_network_forgets_stages_chosen_by_name() -> None:
    app = open_page("finetune")
    app.multiselect(key=Key.FROZEN).set_value(["fire5"]).run()
    app.sidebar.selectbox(key=Key.SOURCE).select("tf_efficientnet_lite0").run()
    assert not app.exception
    assert app.multiselect(key=Key.FROZEN).value == []
    assert "Frozen: stem to blocks.4" in text(app)


def test_the_plan_in_words_is_that_of_the_settings_below_it() -> None:
    app = open_page("finetune")
    app.button_group(key=Key.STRATEGY).select("two_phase").run()
    app.number_input(key="unfreeze_factor").set_value(0.1).run()
    assert "from epoch 6 everything at 0.1 times the rates." in text(app)
    app.button_group(key=Key.STRATEGY).select("norm_only").run()
    assert "of these only the normalisation layers and the head." in text(app)
    app.button_group(key=Key.STRATEGY).select("full").run()
    app.selectbox(key="tune").select("lora").run()
    assert "of these only the LoRA matrices and the head." in text(app)
    assert start(app).disabled, "this network has no attention, and that is said before Start is pressed"
    assert "LoRA needs attention" in app.error[0].value
    app.selectbox(key=Key.HEAD_LR).options.append("fast")  # a typed option: AppTest knows only those on the list
    app.selectbox(key=Key.HEAD_LR).set_value("fast").run()
    assert "A summary appears here once all settings are valid." in text(app)


def test_every_setting_has_its_control_with_its_range_and_default() -> None:
    app = open_page("finetune")
    controls = {control.key: control for kind in KINDS for control in app.get(kind)}
    for name, row in SETTINGS.items():
        if row.place not in ("top", "tab"):
            continue
        control = controls[name]
        assert control.label == row.label
        assert control.help.endswith(row.help), "the word's definition may stand before it"
        if row.low is not None:
            assert (control.min, control.max, control.step) == (row.low, row.high, row.step), name
        if not row.usual:
            assert control.value == row.default, name
    tabs = [tab.label for tab in app.tabs]
    assert set(tabs) == set(Group) - {Group.RUN, Group.TARGET, Group.MACHINE}
    app.number_input(key=Key.EPOCHS).set_value(0).run()
    assert app.number_input(key=Key.EPOCHS).value == SETTINGS["epochs"].default, "a number out of range is not taken"


def test_a_link_of_the_earlier_version_opens_and_is_brought_up_to_date() -> None:
    app = open_page("finetune", strategy="full", thaw="6:0", freeze="3")
    assert not app.exception
    assert app.text_input(key=Key.UNFREEZE).value == "6:0"
    assert app.query_params["unfreeze"] == "6:0"
    assert "thaw" not in app.query_params


def test_a_gpu_that_is_not_there_is_refused_on_both_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlviz.runs.store.device._nvidia_name", lambda: None)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for page, key, label in (("finetune", "device", "Start"), ("race", "race_device", "Start the race")):
        app = open_page(page)
        app.button_group(key=key).set_value("cuda").run()
        assert not app.exception
        assert app.error[0].value == "device is cuda, but this machine shows no such GPU; choose auto or cpu."
        button = next(button for button in app.button if button.label == label)
        assert button.disabled
        app.button_group(key=key).set_value("cpu").run()
        assert not app.error
        assert not next(button for button in app.button if button.label == label).disabled


@pytest.mark.parametrize(
    ("view", "aid"), [("Gradients", "How hard the target pulls at each stage."), ("Rates", "What the optimizer used")]
)
def test_gradients_and_rates_of_a_run_are_shown(view: str, aid: str) -> None:
    run = trained_run("full", 0.5)
    lines = (run.path / "events.jsonl").read_text().replace(
        '"rates": {', '"noise_scale": 1234.0, "gradient_norms": {"stem": 0.5, "head": 2.0}, "rates": {'
    )  # fmt: skip
    (run.path / "events.jsonl").write_text(lines)
    app = open_page("finetune", run=run.name)
    app.button_group(key="inside_view").select(view).run()
    assert not app.exception
    assert aid in text(app)
    assert ("about 1,234 images" in text(app)) is (view == "Gradients")
    assert [found.name for found in list_runs()] == [run.name]

"""Form and shown run side by side: what differs is said and can be loaded, and what follows is offered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import open_page, text, the_server_knows_the_page_table
from tests.profiles import made_profile
from tlviz.finetune.config import configure
from tlviz.finetune.strategies import find_strategy
from tlviz.runs.predictions import Answers, write_answers
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.ui.state import Key, key_of

__all__ = ["the_server_knows_the_page_table"]

CLASSES = ("amphibian", "bird", "fish", "mammal", "reptile")
STAGES = ("stem", "fire2", "fire3", "fire4", "fire5", "fire6", "fire7", "fire8", "fire9")


def over(**chosen: Any) -> RunFolder:
    """Write the folder of a full run that ran out of patience, with the answers of its best weights."""
    settings = {"strategy": "full", "epochs": 20, "patience": 2} | chosen
    run = create_run("finetune", "x", configure("squeezenet1_1", "photos", **settings).to_json())
    drift = {"stem": 0.04, "fire2": 0.03, "fire8": 0.01, "fire9": 0.01, "head": 0.9}
    base = {"event": "epoch", "val_loss": 1.0, "images_per_s": 9.0, "duration_s": 1.0, "train_loss": 1.0, "time": 1.0}
    accuracies = (0.25, 0.75, 0.7, 0.7)
    events = [
        {"event": "started", "frozen": [], "classes": CLASSES, "validation_images": 4, "time": 1.0},
        *(base | {"epoch": at, "val_accuracy": share, "weight_drift": drift} for at, share in enumerate(accuracies)),
        {"event": "finished", "status": "finished", "time": 1.0},
    ]
    (run.path / "events.jsonl").write_text("\n".join(map(json.dumps, events)) + "\n")
    run.weights.write_bytes(b"")
    labels = np.array([0, 1, 2, 3], dtype=np.int64)
    logits = np.eye(5, dtype=np.float32)[[0, 1, 2, 4]] * 4
    write_answers(run, Answers(1, CLASSES, ("a <b>.png", "b.png", "c.png", "d.png"), labels, logits))
    return run


def held(app: AppTest) -> tuple[Any, ...]:
    state = app.session_state
    return state[Key.STRATEGY], state[Key.FREEZE], state[Key.HEAD_LR], state["epochs"], state["patience"]


def test_the_form_says_where_it_differs_from_the_run_and_takes_its_settings_over() -> None:
    run = over(head_lr=3e-4)
    app = open_page("finetune", run=run.name)
    assert not app.exception
    assert "**The next run.** Frozen: stem to" in text(app)
    assert "**This run.** Nothing is frozen: every stage is trained." in text(app)
    differs = next(said.value for said in app.caption if "The form differs from this run" in said.value)
    assert differs.startswith(
        "The form differs from this run: strategy Last stages instead of Full, frozen stages 6 instead of 0, "
        "head rate 0.001 instead of 0.0003, epochs 10 instead of 20, and 1 more."
    )
    app.button(key=key_of("load_settings", run.name)).click().run()
    assert not app.exception
    assert held(app) == ("full", 0, "3e-4", 20, 2)
    assert "The form holds this run's settings." in text(app)
    app.number_input(key="epochs").set_value(5).run()
    assert "The form differs from this run: epochs 5 instead of 20." in text(app)


def test_after_a_run_come_a_sentence_the_captions_of_its_numbers_its_pictures_and_the_ways_on() -> None:
    run = over()
    app = open_page("finetune", run=run.name)
    assert (
        "Stopped at epoch 3: no better for 2 epochs. It levelled off at epoch 1: the last epoch is 5.0 points below"
        in text(app)
    )
    assert "stem moved most, by 4.0% of its weights" in text(app)
    assert "Earlier stages moved 3.5 times as far as later ones, though" in text(app)
    assert "should move little" not in text(app)
    told = " ".join(element.value for element in app.get("html"))
    assert "a &lt;b&gt;.png: amphibian, answered amphibian" in told
    assert "“reptile” 93%<br>is mammal" in told
    assert "3 of 4 validation pictures are right." in text(app)
    assert {"Compare", "Try a picture", "Same layer before and after"} <= {button.label for button in app.button}


@pytest.mark.parametrize("status", ["failed", "stopped"])
def test_a_run_whose_settings_or_network_are_not_known_is_shown_without_a_plan(status: str) -> None:
    run = create_run("finetune", "x", {"model": "no_such", "data": "photos", "strategy": "full"})
    (run.path / "events.jsonl").write_text(json.dumps({"event": "finished", "status": status, "time": 1.0}) + "\n")
    app = open_page("finetune", run=run.name)
    assert not app.exception
    assert "The form differs" not in text(app)
    assert "This run." not in text(app)


def test_the_advice_of_a_profile_on_disk_is_taken_into_the_form_and_probes_stand_on_the_strip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    profile = made_profile("squeezenet1_1", "photos", [0.5] * 8 + [0.9], STAGES, freeze=3)
    advice = replace(profile.advice, head_lr=2e-3, backbone_lr=5e-5)
    monkeypatch.setattr("tlviz.ui.finetune.depths.known_profile", lambda *_: replace(profile, advice=advice))
    drawn: list[Any] = []
    monkeypatch.setattr("tlviz.ui.widgets.stage_strip._component", lambda **given: drawn.append(given))
    over()
    app = open_page("finetune")
    words = "*Last stages*, freeze up to fire3, head rate 2e-3, backbone rate 5e-5 (confidence high)."
    assert f"Measure advises for this source and target: {words}" in text(app)
    app.text_input(key=Key.UNFREEZE).set_value("4:0").run()
    app.button(key="take_advice").click().run()
    assert not app.exception
    assert held(app)[:3] == ("last_stages", 3, "2e-3")
    assert app.session_state[Key.BACKBONE_LR] == "5e-5"
    assert app.session_state[Key.UNFREEZE] == ""
    assert app.session_state["layer_decay"] == find_strategy("last_stages").layer_decay
    assert "The plan is as Measure advises" in text(app)
    strip = next(given["data"] for given in reversed(drawn) if given["key"] == "freeze_strip")
    assert [mark["depth"] for mark in strip["lane"]["probes"]] == list(range(1, 10))
    assert [(mark["depth"], mark["words"]) for mark in strip["lane"]["runs"]] == [(0, "earlier run: Full 75.0%")]
    trained, time, probe = strip["notes"][3].split(" · ")
    assert trained.endswith("parameters trained")
    assert time.startswith("a run takes about ")
    assert time.endswith(", from the passes that measuring took)")
    assert probe == "a linear probe on fire3 measured 50.0%"
    assert strip["notes"][0].endswith(" · earlier: Full 75.0%")


def test_without_a_profile_the_page_says_where_advice_comes_from() -> None:
    assert "Which depth? Measure probes every stage on this target" in text(open_page("finetune"))

"""The pages about runs as AppTest sees them: compare, manage, try."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import open_page, text, the_server_knows_the_page_table
from tests.unit.runs.odd_runs import ODD
from tlviz.export.bundle import bundle_bytes
from tlviz.finetune.config import configure
from tlviz.models.catalogue import MODELS
from tlviz.models.load import build_for_target
from tlviz.runs.notes import Notes, read_notes, write_notes
from tlviz.runs.predictions import Answers, write_answers
from tlviz.runs.store.folder import RunFolder, create_run, list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.store.trash import list_trash
from tlviz.ui.state import Key, key_of

__all__ = ["the_server_knows_the_page_table"]

BASE = {"train_loss": 1.0, "train_accuracy": 0.5, "val_loss": 1.0, "images_per_s": 9.0, "duration_s": 1.0}
NAMES = ("bird/a.png", "bird/b.png", "fruit/c.png", "fruit/d.png")
LABELS = np.array([0, 0, 1, 1])


def finished(guesses: list[int], strategy: str = "full", status: str = "finished", **chosen: Any) -> RunFolder:
    """Return a run that ended, with its answers about four images of two classes."""
    settings = configure("squeezenet1_1", "photos", strategy, **({"epochs": 1, "image_size": 64} | chosen))
    run = create_run("finetune", strategy, settings.to_json())
    share = float((np.array(guesses) == LABELS).mean())
    drift = {"stem": 0.0, "fire2": 0.01 * (1 + sum(guesses))}
    events: list[dict[str, Any]] = [
        {
            "event": "started",
            "validation_images": 4,
            "test_images": 2,
            "trainable_parameters": 5,
            "classes": ["b", "f"],
        },
        {"event": "epoch", "epoch": 0, "val_accuracy": 0.0} | BASE,
        {"event": "epoch", "epoch": 1, "val_accuracy": share, "weight_drift": drift} | BASE,
        {"event": "gauged", "moment": "best", "epoch": 1, "similarity": {"stem": 1.0, "fire2": 0.9}},
        {"event": "finished", "status": status, "duration_s": 3.0},
    ]
    (run.path / "events.jsonl").write_text("".join(json.dumps(event | {"time": 1.0}) + "\n" for event in events))
    logits = np.eye(2, dtype=np.float32)[guesses] * 3
    write_answers(run, Answers(1, ("bird", "fruit"), NAMES, LABELS, logits))
    time.sleep(0.01)
    return run


def compare(*runs: RunFolder, view: str = "Errors") -> AppTest:
    return open_page("compare", compare=",".join(run.name for run in runs), compared=view)


def test_fixed_broken_and_both_wrong_reconcile_with_the_accuracies() -> None:
    first, second = finished([0, 1, 1, 0], "head_only"), finished([0, 0, 0, 0])
    app = compare(first, second)
    assert not app.exception
    assert not app.error
    assert "Of 4 images, A is right in 2 and B in 2. 1 fixed against 1 broken: the difference may be chance" in text(
        app
    )
    cases = app.button_group(key="compare_case").options
    assert [getattr(case, "content", case) for case in cases] == ["Fixed by B (1)", "Broken by B (1)", "Both wrong (1)"]
    assert list(app.dataframe[0].value["image"]) == ["bird/b.png"]
    assert list(app.dataframe[0].value["B answer"]) == ["bird"]


def test_single_images_are_those_of_one_seed_which_is_said() -> None:
    guesses = {("full", 0): [0, 0, 1, 1], ("full", 1): [0, 1, 1, 1], ("head_only", 0): [0, 0, 1, 0]}
    guesses["head_only", 1] = [1, 1, 1, 0]
    runs = {key: finished(answers, key[0], seed=key[1]) for key, answers in guesses.items()}
    app = compare(*runs.values())
    assert not app.exception
    assert "2 runs of each cannot show luck" in text(app)
    assert "each is shown by its run of seed 0" in text(app)
    assert "Of 4 images, A is right in 4 and B in 3" in text(app)
    app.button_group(key="compare_seed").set_value(1).run()
    assert not app.exception
    assert "Of 4 images, A is right in 3 and B in 1" in text(app)
    alone = compare(runs["full", 0], runs["full", 1], runs["head_only", 1], view="Calibration")
    assert not alone.exception
    assert "each is shown by its run of seed 1" in text(alone)
    none = compare(runs["full", 0], runs["head_only", 1])
    assert "no seed is common to it and B Head only, seed 1" in text(none)


def test_a_run_compared_with_itself_shows_zeros() -> None:
    run = finished([0, 1, 1, 0])
    app = compare(run)
    assert "A is right in 2 and A in 2. No image was fixed or broken." in text(app)
    two = compare(run, finished([0, 1, 1, 0]))
    assert "A is right in 2 and B in 2. No image was fixed or broken." in text(two)
    assert not app.exception
    assert not two.exception


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("Settings that differ", "settings differ; all others are the same"),
        ("Curves", "The star is the best epoch"),
        ("Calibration", "The calibration error is the mean gap"),
        ("What moved", "frozen stages stay at 0"),
        ("Cost", "No run beats those on the dotted front"),
    ],
)
def test_every_view_of_four_runs(view: str, words: str) -> None:
    runs = [
        finished([0, 0, 1, at % 2], strategy) for at, strategy in enumerate(("full", "head_only", "gradual", "full"))
    ]
    app = compare(*runs, view=view)
    assert not app.exception
    assert not app.error
    assert words in text(app)
    assert app.query_params[Key.COMPARED] == ",".join(run.name for run in runs)


def test_what_is_chosen_beside_a_feature_map_does_not_empty_the_comparison() -> None:
    runs = [finished([0, 0, 1, 1]), finished([0, 1, 1, 1])]
    for run in runs:
        run.weights.touch()  # only runs with weights are offered beside a feature map
    app = open_page("feature_maps", look="Before and after")
    assert app.multiselect(key=Key.RUNS).value == []
    app.switch_page("pages/compare.py").run()
    assert not app.exception
    assert app.multiselect(key=Key.COMPARED).value == [run.name for run in runs]


def test_errors_by_class_and_runs_of_other_classes() -> None:
    first, second = finished([0, 1, 1, 0]), finished([0, 0, 1, 1])
    app = compare(first, second)
    app.button_group(key="compare_errors").set_value("Confusion").run()
    assert "2 of 4 right" in text(app)
    assert "4 of 4 right" in text(app)
    app.button_group(key="compare_errors").set_value("F1 of each class").run()
    assert not app.exception
    write_answers(second, Answers(1, ("x", "y", "z"), NAMES, LABELS, np.eye(3, dtype=np.float32)[[0, 0, 1, 1]]))
    assert "have different classes" in text(compare(first, second))


def test_answers_that_are_missing_are_offered_to_be_asked_again() -> None:
    run = finished([0, 0, 1, 1])
    (run.path / "predictions.npz").unlink()
    app = compare(run)
    assert "The best weights can answer again" in text(app)
    assert app.button(key="ask_again")


@pytest.mark.parametrize("page", ["compare", "runs", "finetune", "export"])
@pytest.mark.parametrize("kind", ODD)
def test_a_damaged_run_beside_a_good_one_never_stops_a_page(page: str, kind: str) -> None:
    finished([0, 0, 1, 1])
    bad = finished([0, 1, 1, 1])
    ODD[kind](bad)
    assert not open_page(page, runs=bad.name, run=bad.name).exception


def test_without_runs_the_pages_say_where_to_start() -> None:
    assert "No run has ended yet" in text(open_page("compare"))
    assert "No run yet" in text(open_page("runs"))


def test_notes_are_written_searched_and_shown() -> None:
    run, _ = finished([0, 0, 1, 1]), finished([0, 1, 1, 1])
    app = open_page("runs", run=run.name)
    app.text_input(key=key_of("name", run.name)).set_value("my <b>best</b>")
    app.text_area(key=key_of("text", run.name)).set_value("with a note")
    app.button(key=f"FormSubmitter:{key_of('notes', run.name)}-Save").click().run()
    assert not app.exception
    assert read_notes(run).name == "my <b>best</b>"
    app.text_input(key="runs_search").set_value("NOTE best").run()
    assert "1 of 2 runs" in text(app)
    assert list(app.dataframe[0].value["name"]) == ["my <b>best</b>"]


def test_delete_undo_and_empty_the_bin() -> None:
    run = finished([0, 0, 1, 1])
    app = open_page("runs")
    app.button(key="run_delete").click().run()
    assert (list_runs(), [binned.name for binned in list_trash()]) == ([], [run.name])
    assert "is in the trash" in text(app)
    app.button(key="undo_delete").click().run()
    assert list_runs() == [run]
    app.button(key="run_delete").click().run()
    app.button(key="empty_trash").click().run()
    assert list_trash() == []
    assert not app.exception


def test_a_clone_opens_fine_tune_with_every_setting_of_the_run() -> None:
    chosen = {
        "freeze": 4, "head_lr": 3e-4, "backbone_lr": 2e-5, "epochs": 7, "batch_size": 24, "image_size": 96, "seed": 5,
        "augment": "light", "dropout": 0.3, "layer_decay": 0.8, "schedule": "cosine", "optimizer": "sgd", "ema": 0.9,
    }  # fmt: skip
    settings = configure("squeezenet1_1", "clipart", "discriminative", **chosen)
    run = finished([0, 0, 1, 1])
    config = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(config | {"settings": settings.to_json()}))
    app = open_page("finetune")  # its controls were there before, with other values
    app.switch_page("pages/runs.py").run()
    app.button(key="run_clone").click().run()
    assert not app.exception
    assert app.title[0].value == "Fine-tune: how do I train it?"
    assert app.sidebar.selectbox(key=Key.TARGET).value == "clipart"
    assert app.number_input(key=Key.EPOCHS).value == 7
    assert not [warning.value for warning in app.warning]
    app.switch_page("pages/finetune.py").run()
    app.button[0].click().run()
    started = next(other for other in list_runs("finetune") if other != run)
    again = started.config()["settings"]
    assert {name: again[name] for name in chosen} == chosen
    assert again["strategy"] == "discriminative"


def test_export_opens_on_the_best_run_and_says_how_it_stands() -> None:
    best, worse = finished([0, 0, 1, 1]), finished([0, 1, 1, 1], "head_only")
    network = build_for_target(MODELS["squeezenet1_1"], ("bird", "fruit"), pretrained=True, seed=0, size=64)
    settings = configure("squeezenet1_1", "photos", "full", image_size=64)
    for run in (best, worse):
        run.weights.write_bytes(bundle_bytes(network, settings, {"epoch": 1, "val_accuracy": 0.5}))
    app = open_page("export")
    assert not app.exception
    assert app.selectbox(key=Key.RUN).value == best.name, "the newest one is worse"
    assert "the best of 2 runs of squeezenet1_1 on Photos, ahead of Head only by 25.0 points" in text(app)
    assert "one run each cannot show luck" in text(app)
    assert app.query_params[Key.RUN] == best.name


def test_the_table_of_runs_tells_seed_size_and_frozen_depth() -> None:
    run, best = finished([0, 1, 1, 1], "head_only", seed=3), finished([0, 0, 1, 1])
    events = run.path / "events.jsonl"
    told = events.read_text(encoding="utf-8").replace('"test_images"', '"freeze": 9, "test_images"', 1)
    events.write_text(told, encoding="utf-8")
    app = open_page("runs", run=run.name)
    table = app.dataframe[0].value
    assert list(table["seed"]) == [0, 3]
    assert list(table["image size"]) == [64, 64]
    assert list(table["frozen"].fillna(-1)) == [-1, 9]
    assert "2nd of 2 runs of squeezenet1_1 on Photos: the best, Full, seed 0, is 25.0 points above it" in text(app)
    assert best.name != run.name


def test_new_pictures_are_named_on_the_page(tmp_path: Path) -> None:
    run = finished([0, 0, 1, 1])
    network = build_for_target(MODELS["squeezenet1_1"], ("bird", "fruit"), pretrained=True, seed=0, size=64)
    settings = configure("squeezenet1_1", "/nowhere/at/all", "full", image_size=64)
    run.weights.write_bytes(bundle_bytes(network, settings, {"epoch": 1}))
    folder = tmp_path / "new"
    folder.mkdir()
    for at in range(2):
        Image.new("RGB", (30, 30), (200, 40 * at, 0)).save(folder / f"{at}.png")
    (folder / "bad.png").write_bytes(b"no picture")
    app = open_page("runs")
    app.button_group(key="runs_view").set_value("Try it").run()
    app.text_input(key="try_folder").set_value(str(folder)).run()
    assert not app.exception
    assert "2 pictures classified." in text(app)
    assert "is unknown, because they are missing" in text(app)
    assert "One file or folder is odd" in app.expander[0].label
    app.text_input(key="try_folder").set_value("/nope").run()
    assert not app.exception


def test_a_zip_is_brought_in_and_a_hostile_one_is_a_sentence(tmp_path: Path) -> None:
    from tlviz.runs.store.archive import pack_run

    run = finished([0, 0, 1, 1])
    write_notes(run, Notes("carried"))
    with (tmp_path / "run.zip").open("wb") as file:
        pack_run(run, file)
    run.delete()
    app = open_page("runs")
    app.text_input(key="run_zip_path").set_value(str(tmp_path / "run.zip"))
    app.button(key="run_bring_in").click().run()
    assert not app.exception
    assert list_runs() == [run]
    app.text_input(key="run_zip_path").set_value(__file__)
    app.button(key="run_bring_in").click().run()
    assert "is not a ZIP file" in app.error[0].value


@pytest.mark.parametrize("page", ["runs", "finetune"])
def test_a_run_that_ended_before_its_first_epoch_can_begin_anew(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr("tlviz.runs.launch.start_worker", lambda run: started.append(run.name))
    settings = configure("squeezenet1_1", "photos", "full").to_json()
    run = create_run("finetune", "early", settings)
    ended = {"event": "finished", "time": 1.0, "status": "stopped", "duration_s": 1.0}
    (run.path / "events.jsonl").write_text(json.dumps(ended) + "\n", encoding="utf-8")
    app = open_page(page, run=run.name)
    next(button for button in app.button if button.label == "Resume").click().run()
    assert not app.exception
    assert started == [run.name]
    assert run.status() is Status.QUEUED

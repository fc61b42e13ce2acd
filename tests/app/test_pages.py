"""Every page as Streamlit's own AppTest sees it: first view, changes, and one sentence for a mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.runs.store.folder import RunFolder, create_run, list_runs
from tlviz.ui.state import Key, key_of

APP = str(Path(__file__).resolve().parents[2] / "app.py")
PAGES = {
    "overview": "Overview: what do I have?",
    "models": "Models: which networks are there?",
    "target": "Target: is my data sound?",
    "feature_maps": "Feature maps: what does each stage see?",
    "channels": "Channels: what is this channel for?",
    "attributions": "Attributions: why this answer?",
    "measure": "Measure: which layers are general, which specific?",
    "finetune": "Fine-tune: how do I train it?",
    "race": "Race: which strategy wins, and is it noise?",
    "compare": "Compare: what changed, down to the single image?",
    "runs": "Runs: which runs have I made?",
    "export": "Export: is it ready to use elsewhere?",
    "learn": "Learn: is what the course says true?",
}


@pytest.fixture(autouse=True)
def the_server_knows_the_page_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server remembers after its first run that ``app.py`` calls ``st.navigation``; AppTest forgets it each time."""
    original = PagesManager.__init__

    def init(self: PagesManager, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", init)


def open_page(page: str = "overview", **address: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    return app if page == "overview" else app.switch_page(f"pages/{page}.py").run()


def text(app: AppTest) -> str:
    return "\n".join(str(part.value) for kind in (app.markdown, app.caption, app.error, app.info) for part in kind)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_its_question(page: str) -> None:
    app = open_page(page)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == PAGES[page]


def test_source_and_target_hold_for_all_pages_and_are_in_the_address() -> None:
    app = open_page()
    app.sidebar.selectbox(key=Key.TARGET).select("clipart").run()
    app.sidebar.selectbox(key=Key.SOURCE).select("tf_efficientnet_lite0").run()
    assert "362 images in 7 classes" in text(app)
    app.switch_page("pages/feature_maps.py").run()
    assert not app.exception
    assert app.sidebar.selectbox(key=Key.TARGET).value == "clipart"
    assert app.query_params[Key.SOURCE] == "tf_efficientnet_lite0"
    assert app.selectbox(key=Key.PICTURE).value.startswith("mammal/tiger")


def test_a_link_reproduces_the_view() -> None:
    address = {"source": "tf_efficientnet_lite0", "target": "digits", "stage": "blocks.2", "picture": "7/digit 0007"}
    app = AppTest.from_file(APP, default_timeout=60)
    app.switch_page("pages/feature_maps.py")
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert app.selectbox(key=Key.PICTURE).value == "7/digit 0007"
    assert app.select_slider(key=Key.STAGE).value == "blocks.2"
    assert {name: app.query_params[name] for name in address} == address


def test_a_link_to_what_is_not_there_says_so() -> None:
    app = open_page(source="resnet9000")
    assert (
        "names the source 'resnet9000', which is not available here; 'squeezenet1_1' is shown" in app.warning[0].value
    )
    assert not app.exception


def test_feature_maps_follow_stage_and_order() -> None:
    app = open_page("feature_maps")
    assert app.select_slider(key=Key.STAGE).value == "all stages"
    app.select_slider(key=Key.STAGE).set_value("fire5").run()
    assert app.session_state[Key.STAGE] == "fire5"
    assert not app.exception


def test_strategies_set_depth_and_rates() -> None:
    app = open_page("finetune")
    assert (app.session_state[Key.STRATEGY], app.session_state[Key.FREEZE]) == ("last_stages", 6)
    app.button_group(key=Key.STRATEGY).set_value("head_only").run()
    assert app.session_state[Key.FREEZE] == 9
    assert "Only the new head is trained" in text(app)
    app.button_group(key=Key.STRATEGY).set_value("from_scratch").run()
    assert (app.session_state[Key.FREEZE], app.selectbox(key=Key.BACKBONE_LR).value) == (0, "1e-3")
    assert not app.exception


def test_another_network_takes_the_strategys_own_depth() -> None:
    app = open_page("finetune")
    app.session_state[Key.FREEZE] = 3
    app.run()
    assert app.session_state[Key.FREEZE] == 3
    app.sidebar.selectbox(key=Key.SOURCE).select("tf_efficientnet_lite0").run()
    assert (app.session_state[Key.STRATEGY], app.session_state[Key.FREEZE]) == ("last_stages", 6)
    assert "Frozen: stem to blocks.4" in text(app)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (Key.HEAD_LR, "0", "head rate is 0; it must be between"),
        (Key.HEAD_LR, "-1", "head rate is -1; it must be"),
        (Key.BACKBONE_LR, "1e6", "backbone rate is 1e+06; it must be"),
        (Key.HEAD_LR, "fast", "The head rate is 'fast'; write a number such as 1e-3."),
    ],
)
def test_a_rate_out_of_range_is_one_sentence_and_starts_nothing(key: Key, value: str, words: str) -> None:
    app = open_page("finetune")
    app.selectbox(key=key).options.append(value)  # a typed option: AppTest knows only those on the list
    app.selectbox(key=key).set_value(value).run()
    assert [error.value for error in app.error] == [next(e.value for e in app.error if words in e.value)]
    assert app.button[0].disabled
    assert list_runs() == []
    assert not app.exception


def test_a_network_that_lacks_what_is_to_train_is_one_sentence_and_starts_nothing() -> None:
    lacks = "This network has no normalisation layers to train"
    app = open_page("finetune")
    app.button_group(key=Key.STRATEGY).set_value("norm_only").run()
    assert app.button[0].disabled
    assert [lacks in error.value for error in app.error] == [True]
    assert "No run yet" in text(app), "the rest of the page is still there"
    app = open_page("race")
    app.button_group(key="race_strategies").set_value(["head_only", "norm_only"]).run()
    [start] = [button for button in app.button if button.label == "Start the race"]
    assert start.disabled
    assert [lacks in error.value for error in app.error] == [True]
    assert not app.exception


@pytest.mark.parametrize("page", ["overview", "feature_maps", "finetune"])
def test_a_folder_that_cannot_serve_is_one_sentence(page: str, tmp_path: Path) -> None:
    for folder, words in ((str(tmp_path), "holds no pictures"), ("/nope", "not exist")):
        app = open_page(page, target="folder", folder=folder)
        assert not app.exception
        assert [error.value for error in app.error if words in error.value], text(app)


@pytest.mark.parametrize("page", ["overview", "measure", "race"])
def test_before_anything_is_chosen_a_page_says_what_to_do_and_nothing_is_wrong(page: str) -> None:
    app = open_page(page, target="folder")
    assert not app.exception
    assert not app.error
    assert "No pictures are chosen yet" in text(app)
    assert app.button(key="choose_pictures")


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    for name, colour in (("red", "red"), ("blue <b>", "blue")):
        (tmp_path / name).mkdir()
        for at in range(3):
            Image.new("RGB", (30, 20), colour).save(tmp_path / name / f"{at}.png")
    (tmp_path / "red" / "bad.png").write_bytes(b"no picture")
    app = open_page(target="folder", folder=str(tmp_path))
    assert "6 images in 2 classes" in text(app)
    assert "One file or folder is odd" in app.expander[0].label
    app.switch_page("pages/feature_maps.py").run()
    assert not app.exception
    assert app.query_params["folder"] == str(tmp_path)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("note.txt", lambda path: path.write_bytes(b"no picture")),
        ("huge.png", lambda path: Image.new("1", (20_000, 20_000)).save(path)),
        ("empty.jpg", lambda path: path.write_bytes(b"")),
    ],
)
def test_an_upload_that_is_no_picture_is_one_sentence(name: str, make: object, tmp_path: Path) -> None:
    make(tmp_path / name)  # type: ignore[operator]
    app = open_page("feature_maps")
    app.file_uploader(key="upload").set_value((name, (tmp_path / name).read_bytes(), "image/png")).run()
    assert not app.exception
    assert len(app.error) == 1
    assert name in app.error[0].value


def finished_run(status: str = "failed", **ended: object) -> RunFolder:
    run = create_run("finetune", "x", {"model": "squeezenet1_1", "data": "clipart", "strategy": "full", "epochs": 3})
    epoch = {"event": "epoch", "time": 1.0, "epoch": 0, "train_loss": None, "train_accuracy": None, "val_loss": 2.0}
    lines = [epoch | {"val_accuracy": 0.25, "duration_s": 0.0, "images_per_s": 0.0}]
    lines.append({"event": "finished", "time": 2.0, "status": status} | ended)
    (run.path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return run


def test_a_failed_run_shows_its_sentence_and_keeps_its_curve() -> None:
    finished_run(error="The disk is full.")
    app = open_page("finetune")
    assert not app.exception
    assert [error.value for error in app.error] == ["The disk is full."]
    assert "best **25.0%** at epoch 0" in text(app)


def test_a_run_with_damaged_files_is_no_traceback() -> None:
    run = finished_run()
    (run.path / "config.json").write_text('{"format": 1, "kind": "finetune", "settings": {"epochs": "x"}}')
    (run.path / "events.jsonl").write_text(
        '{"event": "epoch", "epoch": 1, "val_loss": 1, "val_accuracy": 1, "duration_s": 1, "images_per_s": 1}\n'
    )
    assert not open_page("finetune").exception
    assert not open_page("export").exception


def test_a_run_name_that_does_not_exist_says_so() -> None:
    run = finished_run()
    app = open_page("finetune")
    fresh = AppTest.from_file(APP, default_timeout=60)
    fresh.switch_page("pages/finetune.py")
    fresh.query_params[Key.RUN] = "no-such-run"
    fresh.run()
    assert f"names the run 'no-such-run', which is not available here; '{run.name}' is shown" in fresh.warning[0].value
    assert not app.exception


def test_damaged_weights_are_one_sentence_on_the_export_page() -> None:
    run = finished_run("finished")
    run.weights.write_bytes(b"\x00" * 10)
    app = open_page("export")
    assert not app.exception
    assert "cannot be read" in app.error[0].value


def test_a_read_only_home_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("finetune")
    monkeypatch.setenv("TLVIZ_HOME", "/proc/tlviz")
    app.button[0].click().run()
    assert not app.exception
    assert any("Cannot write /proc/tlviz" in error.value for error in app.error)


def test_a_strategy_with_phases_says_what_trains_when() -> None:
    app = open_page("finetune", target="clipart")
    app.button_group(key=Key.STRATEGY).select("two_phase").run()
    assert "From epoch 1 the head alone; from epoch 6 everything at 0.5 times the rates." in text(app)
    app.number_input(key=Key.EPOCHS).set_value(4).run()
    assert "from epoch 3 everything" in text(app)


def trained_run(strategy: str, accuracy: float) -> RunFolder:
    """Write the folder of a finished run of two epochs that was judged by 73 pictures."""
    run = create_run("finetune", "x", configure("squeezenet1_1", "clipart", strategy, epochs=2).to_json())
    drift = {"stem": 0.001, "fire2": 0.002}
    base = {"train_loss": 1.0, "train_accuracy": 0.5, "val_loss": 1.0, "val_accuracy": accuracy, "images_per_s": 9.0}
    rates = {"stem": 1e-5, "fire2": 1e-4, "head": 1e-3}
    gauge = {"epoch": 1, "source_agreement": 0.75, "similarity": {"stem": 1.0, "fire2": 0.9}, "duration_s": 1.0}
    events = [
        {"event": "started", "validation_images": 73, "trainable_parameters": 5, "frozen_parameters": 0},
        {"event": "epoch", "epoch": 0, "duration_s": 0.0} | base,
        {"event": "epoch", "epoch": 1, "duration_s": 1.0, "weight_drift": drift, "rates": rates} | base,
        {"event": "gauged", "moment": "start"} | gauge,
        {"event": "gauged", "moment": "best"} | gauge,
        {"event": "finished", "status": "finished"},
    ]
    (run.path / "events.jsonl").write_text("\n".join(json.dumps(event | {"time": 1.0}) for event in events) + "\n")
    return run


def test_the_inside_of_a_run_is_shown_and_what_is_left_of_the_source() -> None:
    app = open_page("finetune", run=trained_run("full", 0.5).name)
    assert not app.exception
    assert "How far each stage's weights are from their start" in text(app)
    app.button_group(key="inside_view").select("Source answers kept").run()
    assert not app.exception
    assert "still names **75%** ± 7% of 48 photographs" in text(app)
    assert "at the start, at the best epoch and at the end" in text(app)


def test_the_latest_reading_of_the_best_weights_counts_and_one_that_is_missing_says_so() -> None:
    """A run that was stopped and taken up again has one of either time."""
    run = trained_run("full", 0.5)
    for reading, words in (({"source_agreement": 0.5, "similarity": {"stem": 0.5}}, "**50%**"), (NONE_READ, "memory")):
        with (run.path / "events.jsonl").open("a") as file:
            file.write(json.dumps({"event": "gauged", "moment": "best", "epoch": 2, "time": 1.0} | reading) + "\n")
        app = open_page("finetune", run=run.name)
        app.button_group(key="inside_view").select("Source answers kept").run()
        assert not app.exception
        assert words in text(app)
        assert "**75%**" not in text(app)


NONE_READ = {"source_agreement": None, "similarity": {}}


def test_the_rates_of_every_phase_are_shown_as_read_back_and_what_became_of_the_frozen_stages() -> None:
    run = trained_run("two_phase", 0.5)
    head = {"stage": "head", "parameters": 5, "lr": 1e-3, "weight_decay": 0.01}
    later = [{"stage": "stem", "parameters": 7, "lr": 5e-5, "weight_decay": 0.01}, head | {"lr": 5e-4}]
    events = [json.loads(line) for line in (run.path / "events.jsonl").read_text().splitlines()]
    events[0] |= {"groups": [head], "note": "The first 9 stages run once for each picture."}
    opened = {"event": "unfrozen", "epoch": 2, "groups": later, "trainable_parameters": 12, "note": "", "time": 1.0}
    events.insert(3, opened)
    (run.path / "events.jsonl").write_text("\n".join(map(json.dumps, events[:3] + events[4:])) + "\n")
    alone = open_page("finetune", run=run.name)
    assert not alone.exception
    [groups] = [frame.value for frame in alone.dataframe if "rate" in frame.value]
    assert groups.to_numpy().tolist() == [["head", "1e-3", 5, 0.01]]
    assert "The first 9 stages run once for each picture." in text(alone)
    (run.path / "events.jsonl").write_text("\n".join(map(json.dumps, events)) + "\n")
    [groups] = [frame.value for frame in open_page("finetune", run=run.name).dataframe if "rate" in frame.value]
    assert groups[["from epoch", "stage", "rate"]].to_numpy().tolist() == [
        *([1, "head", "1e-3"], [2, "stem", "5e-5"], [2, "head", "5e-4"])
    ]


def test_a_run_is_compared_with_one_from_scratch_or_that_one_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    run = trained_run("full", 0.5)
    app = open_page("finetune", run=run.name)
    app.button_group(key="inside_view").select("Gain over random weights").run()

    def start(config: FinetuneConfig) -> RunFolder:
        started.append(config.strategy)
        return trained_run(config.strategy, 0.9)

    monkeypatch.setattr("tlviz.ui.finetune.inside.start_finetune", start)
    app.button(key=key_of("scratch", run.name)).click().run()
    assert started == ["from_scratch"]
    app.selectbox(key=Key.RUN).select(run.name).run()
    app.button_group(key="inside_view").select("Gain over random weights").run()
    assert not app.exception
    assert "**Negative transfer**: pretraining cost **-40.0%**: best 50.0% against 90.0%" in text(app)

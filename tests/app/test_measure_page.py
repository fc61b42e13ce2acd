"""The Measure page as Streamlit's own AppTest sees it: before, while and after a target is measured."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import APP, open_page, text, the_server_knows_the_page_table  # noqa: F401 (a fixture)
from tests.painted import paint
from tests.profiles import made_profile
from tlviz.data.sample import sample_target
from tlviz.diagnose.early import EVENT, EarlyStage
from tlviz.diagnose.profile_store import profile_path, save_profile
from tlviz.diagnose.records import Confidence, Profile
from tlviz.diagnose.request import make_request
from tlviz.home import home
from tlviz.models.catalogue import find_model
from tlviz.models.load import architecture_stages
from tlviz.runs.advice.record import Advised, Outcome, keep_record, load_record
from tlviz.runs.races.race import read_race
from tlviz.runs.races.standings import standings
from tlviz.runs.store.folder import create_run, list_runs
from tlviz.runs.store.kinds import PROFILE, RACE
from tlviz.runs.summary import summarise
from tlviz.ui.measure.advice import CONFIDENCE_WORDS
from tlviz.ui.measure.views import table_rows, to_csv
from tlviz.ui.state import Key, key_of
from tlviz.ui.widgets.panels import run_label

PROBES = (0.4, 0.5, 0.55, 0.6, 0.7, 0.75, 0.8, 0.7, 0.6)
VIEWS = ("Similarity", "Shift", "Dimension", "Map", "Networks", "Advised against best", "Numbers")


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is started waits, so that each test sees the page and not a race with a process."""
    monkeypatch.setattr("tlviz.runs.launch.start_worker", lambda run: None)


def keep_profile(model: str = "squeezenet1_1", data: str = "clipart", **changes: object) -> Profile:
    spec = find_model(model)
    names = [stage.name for stage in architecture_stages(spec, spec.class_count)[:-1]]
    profile = replace(made_profile(model, data, PROBES[: len(names)], names), **changes)
    request = make_request(model, data)
    save_profile(profile_path(request, sample_target(data, request.limit)[0]), profile)
    return profile


def open_measure(**address: str) -> AppTest:
    """Open the page by a link, with the address it is given."""
    app = AppTest.from_file(APP, default_timeout=60)
    app.switch_page("pages/measure.py")
    for name, value in ({"target": "clipart"} | address).items():
        app.query_params[name] = value
    return app.run()


def chart(app: AppTest) -> dict[str, object]:
    """Return the first chart as the browser gets it."""
    spec: dict[str, object] = json.loads(app.get("plotly_chart")[0].proto.spec)
    return spec


def traces(app: AppTest) -> list[str]:
    return [trace["name"] for trace in chart(app)["data"]]  # type: ignore[index, attr-defined]


def test_before_it_is_measured_one_button_starts_it() -> None:
    app = open_measure()
    assert not app.exception
    assert "Not measured yet" in app.markdown[0].value
    measure = next(button for button in app.button if button.label == "Measure")
    measure.click().run()
    assert not app.exception
    assert [run.config()["settings"]["data"] for run in list_runs(PROFILE)] == ["clipart"]
    assert [button.label for button in app.button] == ["Cancel"]


def test_while_it_is_measured_the_stages_that_are_known_are_drawn() -> None:
    run = create_run(PROFILE, "x", make_request("squeezenet1_1", "clipart").to_json())
    assert "The first stages appear here" in text(open_measure())
    told = [EarlyStage(name, probe, 0.02, 0.125) for name, probe in (("stem", 0.4), ("fire2", 0.5))]
    lines = [json.dumps({"event": EVENT, "time": 1.0} | asdict(stage)) for stage in told]
    (run.path / "events.jsonl").write_text("\n".join(lines) + "\n")
    app = open_measure()
    assert not app.exception
    assert "**SqueezeNet 1.1 on Clip art.** So far: best at fire2, 50.0% ± 2.0%; 2 of 9 stages are probed." in text(app)
    assert next(trace for trace in chart(app)["data"] if trace["name"] == "linear probe")["x"] == ["stem", "fire2"]  # type: ignore[attr-defined]


def test_a_refusal_is_one_sentence_and_it_can_be_tried_again() -> None:
    run = create_run(PROFILE, "x", make_request("squeezenet1_1", "clipart").to_json())
    end = {"event": "finished", "time": 1.0, "status": "failed", "error": "A profile needs two classes."}
    (run.path / "events.jsonl").write_text(json.dumps(end) + "\n")
    app = open_measure()
    assert [error.value for error in app.error] == ["A profile needs two classes."]
    assert any(button.label == "Measure" for button in app.button)


def test_the_summary_comes_first_and_the_curve_holds_the_profile() -> None:
    profile = keep_profile()
    app = open_measure()
    assert not app.exception
    assert app.markdown[0].value.startswith("**")
    assert "fire7" in app.markdown[0].value
    probe = next(trace for trace in chart(app)["data"] if trace["name"] == "Clip art (shifted)")  # type: ignore[attr-defined]
    assert probe["y"] == [stage.probe for stage in profile.stages]
    assert "Advice:" in text(app)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_by_its_link(view: str) -> None:
    keep_profile()
    app = open_measure(measure=view)
    assert not app.exception
    assert not app.error
    assert app.query_params[Key.MEASURE] == view


def test_near_and_far_are_beside_it_by_default_and_missing_ones_are_measured_on_request() -> None:
    keep_profile()
    keep_profile(data="photos")
    app = open_measure()
    assert {"Clip art (shifted)", "Photos (near)"} <= set(traces(app))
    missing = next(button for button in app.button if button.label == "Measure the other target")
    missing.click().run()
    assert [run.config()["settings"]["data"] for run in list_runs(PROFILE)] == ["digits"]
    alone = open_measure(beside="nothing")
    assert "Photos (near)" not in traces(alone)


def test_several_targets_show_their_gain_and_the_headline_compares_them() -> None:
    profile = keep_profile()
    nothing = tuple(
        replace(stage, random_probe=stage.probe - 0.006, gain=0.006, gain_se=0.005) for stage in profile.stages
    )
    keep_profile(data="digits", stages=nothing)
    app = open_measure()
    assert not app.exception
    assert app.markdown[0].value == (
        "**Pretraining is worth +40.0 ± 3.0 points over random weights at fire7 on Clip art; on Digits pretraining "
        "adds almost nothing (+0.6 ± 0.5 points, random weights reach 79.4%).**"
    )
    assert app.markdown[1].value.startswith("*Clip art:* Pretraining is worth +40.0 ± 3.0 points")
    drawn = {trace["name"]: trace["y"] for trace in chart(app)["data"] if "y" in trace}  # type: ignore[attr-defined]
    assert drawn["Digits (far)"] == pytest.approx([0.6] * 9)
    assert not [name for name in drawn if "random weights" in name]
    app = open_measure(curve="accuracy")
    drawn = {trace["name"]: trace["y"] for trace in chart(app)["data"] if "y" in trace}  # type: ignore[attr-defined]
    assert drawn["Digits (far), random weights"] == [stage.random_probe for stage in nothing]


def test_shift_on_the_reference_has_one_chart_and_says_that_it_is_a_check() -> None:
    profile = keep_profile(data="photos")
    keep_profile(data="photos", stages=tuple(replace(stage, shift=None, kid=-1.0) for stage in profile.stages))
    app = open_measure(target="photos", measure="Shift")
    assert not app.exception
    assert not app.info
    assert len(app.get("plotly_chart")) == 2, "the curve and the distances"
    assert "two halves of it are compared, as a check of the noise: none lies farther apart" in text(app)


def test_two_targets_of_ones_own_are_laid_over_one_another(tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        for at in range(10):
            (folder / "ab"[at % 2]).mkdir(parents=True, exist_ok=True)
            paint(at).save(folder / "ab"[at % 2] / f"{at}.png")
        profile = keep_profile(data=str(folder))
        advice = profile.advice
        told = Advised(1.0, advice.freeze, advice.strategy, advice.head_lr, advice.backbone_lr, "high")
        keep_record(told, profile.model, profile.data)
    app = open_measure(target="folder", folder=str(folders[0]), with_targets=str(folders[1]))
    assert not app.exception
    assert {"first", "second"} <= set(traces(app))
    assert not {"Photos (near)", "Clip art (shifted)"} & set(traces(app)), "those were not chosen"
    lines = [trace["line"]["color"] for trace in chart(app)["data"] if trace["name"] in {"first", "second"}]  # type: ignore[attr-defined]
    assert len(set(lines)) == 2
    shutil.rmtree(folders[1])
    st.cache_resource.clear()  # as after a few seconds
    app = open_measure(target="folder", folder=str(folders[0]), with_targets=str(folders[1]))
    assert not app.exception
    assert "second" not in traces(app)


def test_permuted_labels_are_drawn_below_the_random_weights() -> None:
    profile = keep_profile()
    drawn = next(trace for trace in chart(open_measure())["data"] if trace["name"] == "permuted labels")  # type: ignore[attr-defined]
    assert drawn["y"] == [stage.permuted_high for stage in profile.stages]


def test_how_the_advice_did_stands_beside_it_once_runs_have_finished() -> None:
    profile = keep_profile()
    assert "So far:" not in text(open_measure())
    outcomes = [
        Outcome(f"run{freeze}", 1.0, "last_stages", freeze, 1e-3, 1e-4, 0, accuracy, 70, "epochs 10")
        for freeze, accuracy in ((load_record(profile.model, profile.data).advised[-1].freeze, 0.5), (1, 0.9))
    ]
    file = next((home() / "advice").glob("*.json"))
    file.write_text(json.dumps(json.loads(file.read_text()) | {"outcomes": [asdict(one) for one in outcomes]}))
    told = text(open_measure())
    assert "So far:" in told
    assert "The advice was not the best: the advised plan is 40.0 ±" in told


def test_two_networks_on_one_chart_by_share_of_compute() -> None:
    keep_profile()
    keep_profile("tf_efficientnet_lite0")
    app = open_measure(beside="networks", axis="compute")
    assert not app.exception
    assert {"SqueezeNet 1.1", "EfficientNet-Lite0"} <= set(traces(app))
    assert traces(app).count("stages") == 2
    assert app.query_params[Key.AXIS] == "compute"


def test_networks_with_the_same_answers_are_called_a_tie() -> None:
    keep_profile()
    keep_profile("tf_efficientnet_lite0")
    assert "A tie:" in text(open_measure(measure="Networks"))


def test_the_map_follows_its_slider_and_the_address() -> None:
    keep_profile()
    app = open_measure(measure="Map", stage="fire5")
    assert app.select_slider(key=Key.STAGE).value == "fire5"
    app.select_slider(key=Key.STAGE).set_value("fire8").run()
    assert not app.exception
    assert app.query_params[Key.STAGE] == "fire8"
    assert "Each picture where fire8 sees it" in text(app)


def test_racing_the_advice_starts_runs_on_equal_terms_and_it_is_on_record() -> None:
    keep_profile()
    app = open_measure()
    button = app.button(key="race_advice")
    assert button.label == "Race the advice"
    button.click().run()
    assert not app.exception
    (race,) = list_runs(RACE)
    settings = race.config()["settings"]["members"]
    assert len(settings) == int(button.help.split()[1]) > 2
    assert len({s["plan"] for s in settings}) == len(settings), "every run of the chart has its own name"
    plans = {(s["strategy"], s["freeze"], str(s["frozen"]), s["batchnorm"]) for s in settings}
    assert len(plans) == len(settings)
    assert len({(s["epochs"], s["seed"], s["image_size"], s["head_lr"]) for s in settings}) == 1
    assert app.title[0].value == "Race: which strategy wins, and is it noise?"
    assert [standing.words for standing in standings(read_race(race))] == [s["plan"] for s in settings]
    (advised,) = load_record("squeezenet1_1", "clipart").advised
    assert (advised.strategy, advised.freeze) in {(s["strategy"], s["freeze"]) for s in settings}


def test_the_advice_opens_prepared_on_the_fine_tune_page() -> None:
    keep_profile()
    app = open_measure()
    (advised,) = load_record("squeezenet1_1", "clipart").advised
    next(button for button in app.button if button.label == "Only prepare the advised one").click().run()
    assert not app.exception
    assert app.title[0].value == "Fine-tune: how do I train it?"
    assert (app.session_state[Key.STRATEGY], app.session_state[Key.FREEZE]) == (advised.strategy, advised.freeze)
    assert app.query_params[Key.FREEZE] == str(advised.freeze)


def test_a_candidate_that_tunes_early_stages_opens_prepared_with_the_others_frozen() -> None:
    profile = keep_profile()
    app = open_measure()
    candidates = [part.value for part in app.markdown if part.value.startswith("*") and "*: " in part.value]
    at = next(at for at, words in enumerate(candidates) if "the first stage and the head tuned" in words)
    app.button(key=key_of("candidate", at)).click().run()
    assert not app.exception
    assert app.title[0].value == "Fine-tune: how do I train it?"
    assert app.multiselect(key=Key.FROZEN).value == [stage.name for stage in profile.stages[1:]]
    assert "Trained: stem, the head" in text(app)


def test_a_link_prepares_the_fine_tune_page() -> None:
    app = AppTest.from_file(APP, default_timeout=60)
    app.switch_page("pages/finetune.py")
    wanted = {"strategy": "last_stages", "freeze": "3", "head_lr": "2.5e-4", "backbone_lr": "2.5e-5"}
    for name, value in wanted.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error
    assert app.session_state[Key.FREEZE] == 3
    assert app.selectbox(key=Key.HEAD_LR).value == "2.5e-4"
    assert {name: app.query_params[name] for name in wanted} == wanted


def test_a_depth_in_the_address_that_the_network_has_not_is_not_taken() -> None:
    app = open_page("finetune", strategy="full", freeze="99")
    assert app.session_state[Key.FREEZE] != 99
    assert not app.exception


def test_numbers_of_images_in_the_address() -> None:
    assert open_measure(images="200").session_state[Key.SAMPLE] == 200
    assert open_measure(images="lots").session_state[Key.SAMPLE] == 1000


def test_every_confidence_has_its_words() -> None:
    assert set(CONFIDENCE_WORDS) == set(Confidence)


def test_the_csv_holds_every_number_of_every_stage() -> None:
    profile = made_profile()
    lines = to_csv(table_rows(profile)).splitlines()
    assert len(lines) == 4
    header = lines[0].split(",")
    assert {"name", "probe", "probe_se", "random_probe", "knn", "transrate", "kid"} <= set(header)
    assert float(lines[2].split(",")[header.index("probe")]) == 0.8


def test_two_networks_are_compared_stage_by_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = keep_profile(), keep_profile("tf_efficientnet_lite0")
    cells = tuple(tuple(0.5 for _ in second.stages) for _ in first.stages)
    monkeypatch.setattr("tlviz.diagnose.compare.compare_models", lambda one, two, progress: cells)
    app = open_measure(measure="Similarity", against="tf_efficientnet_lite0")
    assert not app.exception
    assert "one of EfficientNet-Lite0 (column) on the same images" in text(app)


def test_another_network_is_measured_before_it_is_compared() -> None:
    keep_profile()
    app = open_measure(measure="Similarity", against="tf_efficientnet_lite0")
    next(button for button in app.button if button.label == "Measure EfficientNet-Lite0 first").click().run()
    assert [run.config()["settings"]["model"] for run in list_runs(PROFILE)] == ["tf_efficientnet_lite0"]


def test_names_that_look_like_markup_are_shown_as_they_are() -> None:
    profile = keep_profile(classes=("<b>red", "green & blue", "%{x}"))
    app = open_measure(measure="Map")
    assert not app.exception
    assert "<b>red" not in text(app).replace("\\<b", "").replace("&lt;b", ""), "no name becomes markup"
    assert profile.classes[2] == "%{x}"


def test_a_job_in_the_sidebar_says_what_it_does() -> None:
    run = create_run(PROFILE, "x", make_request("squeezenet1_1", "clipart").to_json())
    assert run_label(summarise(run)) == "Measuring Clip art"

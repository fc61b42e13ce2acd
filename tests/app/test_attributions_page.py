"""The attributions page as AppTest sees it: methods, classes, stages, runs, trust, cancel and two people at once."""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.finished import finished_run
from tlviz.api.pictures import find_true_class
from tlviz.explore.attribution import averaged_gradients, gradient_maps, perturbation, sanity_checks
from tlviz.explore.attribution.attributions import Attribution, attribute
from tlviz.explore.attribution.methods import METHODS, Baseline, Method
from tlviz.explore.attribution.randomise import Randomised
from tlviz.explore.attribution.sanity_checks import Game, Trust
from tlviz.measures.faithfulness import ProbabilityCurve
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, load_network
from tlviz.ui.attributions.downloads import maps_npz
from tlviz.ui.attributions.question import Question
from tlviz.ui.attributions.sweep import lines_of, missed_words, sweep_rows
from tlviz.ui.attributions.trust import trust_table
from tlviz.ui.cached import attributions as cached_attributions
from tlviz.ui.cached import networks, working
from tlviz.ui.cached.attributions import Asked
from tlviz.ui.cached.result_cache import ResultCache
from tlviz.ui.state import Key

APP = str(Path(__file__).resolve().parents[2] / "app.py")


@pytest.fixture(autouse=True)
def few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Average over few copies: what stands on the page is looked at here, and not how smooth a map is."""
    monkeypatch.setattr(gradient_maps, "SAMPLES", 3)
    monkeypatch.setattr(averaged_gradients, "SAMPLES", 3)
    monkeypatch.setattr(perturbation, "PLACES", 5)
    monkeypatch.setattr(sanity_checks, "STEPS", 4)
    monkeypatch.setattr(sanity_checks, "SQUARES", 8)
    monkeypatch.setattr(sanity_checks, "NUDGES", 1)


def open_why(**address: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=120)
    app.switch_page("pages/attributions.py")
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def text(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.info, app.get("html"))
    return "\n".join(str(getattr(part, "value", None) or part.proto) for kind in kinds for part in kind)


def test_it_opens_on_grad_cam_of_the_best_guess() -> None:
    app = open_why()
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Attributions: why this answer?"
    assert "Grad-CAM · at fire9 · for zebra 73%" in text(app)
    assert "**Grad-CAM at every stage**" in text(app)


@pytest.mark.parametrize("method", [Method.SALIENCY, Method.INPUT_X_GRADIENT, Method.GUIDED_GRAD_CAM, Method.OCCLUSION])
def test_a_link_reproduces_the_question(method: Method) -> None:
    address = {"method": str(method), "class": "341", "contrast": "second guess", "strength": "40", "percentile": "90"}
    app = open_why(source="squeezenet1_1", **address)
    assert not app.exception
    assert not app.warning
    assert {name: app.query_params[name] for name in address} == address
    said = text(app)
    assert f"{METHODS[method].title} · at" in said
    assert "for hog" in said
    assert "rather than tabby" in said
    assert "full colour at the 90th percentile · overlay 40 %" in said


def test_a_method_without_stages_shows_grad_cam_there_and_says_so() -> None:
    app = open_why(method="feature_ablation")
    assert "**Grad-CAM at every stage**, because Superpixel ablation works only at the pixels" in text(app)
    assert app.selectbox(key=Key.WHERE).options == ["the picture itself"]


def test_the_row_of_stages_tells_what_their_sums_miss() -> None:
    empty = np.zeros((2, 2), np.float32)

    def maps(method: Method, **gaps: float | None) -> dict[str, Attribution]:
        return {stage: Attribution(method, stage, 1, None, empty, empty, 1.0, gap, "") for stage, gap in gaps.items()}

    conductance = maps(Method.INTEGRATED_GRADIENTS, stem=0.001, body=0.02)
    assert missed_words({"": conductance}).endswith("they miss that by 0.1% to 2.0% (most at body).")
    both = {"Pretrained": conductance, "Full": maps(Method.INTEGRATED_GRADIENTS, stem=0.3, body=None)}
    assert missed_words(both).endswith("0.1% to 30.0% (most at Full, stem).")
    assert missed_words({"": maps(Method.SALIENCY, stem=None)}) == ""


def test_a_method_that_does_not_apply_says_why_and_offers_the_nearest_with_one_click() -> None:
    app = open_why(source="tf_efficientnet_lite0", method="guided_backprop")
    assert "Guided Backprop cannot be used here. This network also uses ReLU6" in app.info[0].value
    app.button(key="nearest_method").click().run()
    assert app.session_state[Key.METHOD] == Method.SMOOTHGRAD
    assert "SmoothGrad · at the picture" in text(app)
    assert not app.exception


def test_a_class_out_of_range_in_a_link_is_said() -> None:
    app = open_why(**{"class": "1000"})
    assert "names the class '1000', which is not available here" in app.warning[0].value
    assert not app.exception


def test_the_true_class_is_found_by_label_or_file_name() -> None:
    classes = ("red fox", "zebra", "crane", "crane")
    assert find_true_class(("mammal", "mammal/zebra.jpg"), classes) == 1
    assert find_true_class(("Red_Fox", "x/1.jpg"), classes) == 0
    assert find_true_class(("crane", ""), classes) is None
    assert find_true_class(("", ""), classes) is None
    app = open_why(**{"class": "true class"})
    assert "for zebra 73%" in text(app)


def test_runs_stand_beside_and_an_untouched_backbone_has_the_same_attention() -> None:
    run = finished_run("head_only")
    app = open_why(runs=run.name, run_class="mammal")
    assert not app.exception
    assert not app.error
    assert "Largest difference from the pretrained network. Head only: up to" in text(app)
    assert app.selectbox(key=Key.RUN_CLASS).value == "mammal"
    assert "In a difference" not in text(app)
    assert "red is more than before, blue is less" in text(open_why(runs=run.name, show="difference"))


def test_a_run_against_itself_shows_zero() -> None:
    from tlviz.ui.attributions.answers import Answer, _largest_difference

    run = finished_run("head_only")
    network = networks.network("squeezenet1_1")
    pixels = np.random.default_rng(0).integers(0, 255, (224, 224, 3), dtype=np.uint8)
    asked = Asked("squeezenet1_1", run.name, Method.GRAD_CAM, 1, None, Baseline.MEAN)
    first = cached_attributions.swept(asked, pixels)
    working.shelf().clear()
    networks.forget()
    again = cached_attributions.swept(asked, pixels)
    assert again is not first
    assert first is not None
    assert again is not None
    answers = [Answer(name, asked, network, maps["fire9"], "x") for name, maps in (("a", first), ("b", again))]
    said = _largest_difference(answers, [given.attribution.map for given in answers])
    assert "b: no difference at all" in said
    with np.load(io.BytesIO(maps_npz(answers, {"a": first, "b": again}))) as loaded:
        assert loaded["a"].shape == (224, 224)
        assert loaded["a/own resolution/fire9"].shape == (13, 13)
        assert np.array_equal(loaded["b/stages/stem"], loaded["a/stages/stem"])


def test_every_stage_of_every_network_stands_below_one_another_on_one_scale() -> None:
    app = open_why(runs=finished_run("head_only").name)
    assert not app.exception
    assert "Each stage has its own colour scale" in text(app)
    asked = Asked("squeezenet1_1", "", Method.GRAD_CAM, 1, None, Baseline.MEAN)
    pixels = np.random.default_rng(0).integers(0, 255, (224, 224, 3), dtype=np.uint8)
    maps = cached_attributions.swept(asked, pixels)
    assert maps is not None
    half = {stage: replace(found, map=found.map / 2) for stage, found in maps.items()}
    question = Question(Method.GRAD_CAM, "best guess", "nothing", "best guess", "", Baseline.MEAN, 70, 98, False)
    alone = sweep_rows(question, pixels, {"Full": half}, ["fire9"])
    rows = sweep_rows(question, pixels, {"Pretrained": maps, "Full": half}, ["fire9"])
    assert [row.title for row in rows] == ["Pretrained", "Full"]
    assert not np.array_equal(rows[1].panes[0].pixels, alone[0].panes[0].pixels), "half as strong is half as bright"
    zero = sweep_rows(question, pixels, {"Pretrained": maps, "Full": maps}, ["fire9"], is_difference=True)
    assert (zero[1].title, zero[1].words) == ("Full", "minus Pretrained")
    assert "largest difference 0" in zero[1].panes[0].hints[0]


def test_many_stages_are_divided_into_lines_of_about_one_length() -> None:
    assert lines_of(9) == [(0, 9)]
    assert lines_of(11) == [(0, 5), (5, 11)]
    assert lines_of(14) == [(0, 7), (7, 14)]


def test_trust_is_told_in_words_when_asked_for() -> None:
    app = open_why()
    assert "Checks whether the map adds up" in text(app)
    app.button(key="check_trust").click().run()
    assert not app.exception
    assert not app.error
    said = text(app)
    assert headline_of(said)
    assert all(name in said for name in ("Adds up", "Removing", "Adding", "Predicts", "Steady", "Depends on learning"))
    assert app.query_params["trust"] == "checked"
    linked = open_why(trust="checked")
    assert headline_of(said) in text(linked), "the link shows the check, which is known"
    linked.selectbox(key=Key.CLASS).select("100").run()
    assert "trust" not in linked.query_params
    assert "Checks whether the map adds up" in text(linked)


def headline_of(said: str) -> str:
    return next(line for line in said.splitlines() if line.startswith("**") and "check" in line)


def test_the_check_downloads_as_numbers() -> None:
    curve = ProbabilityCurve(np.array([0.0, 1.0]), np.array([0.9, 0.1]))
    game = Game(curve, (curve,))
    found = Trust(None, 0.5, 0.25, (0.1,), 0.2, game, game, (Randomised("head", 0.75),), ())
    rows = list(csv.DictReader(io.StringIO(trust_table(found).decode())))
    told = {(row["measure"], row["at"], row["of"]): row["value"] for row in rows}
    assert told["completeness gap", "", "map"] == ""
    assert float(told["deletion", "1.0", "copy 1"]) == 0.1
    assert float(told["insertion", "0.0", "map"]) == 0.9
    assert float(told["similarity when random from the head to", "head", "map"]) == 0.75


def test_a_runs_map_can_be_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def check(network: Network, *_: object, **__: object) -> Trust:
        asked.append(network.spec.title)
        curve = ProbabilityCurve(np.array([0.0, 1.0]), np.array([0.9, 0.1]))
        game = Game(curve, (curve,))
        return Trust(None, 0.5, 0.25, (0.1,), 0.2, game, game, (Randomised("head", 0.75),), ())

    monkeypatch.setattr("tlviz.explore.attribution.sanity_checks.check_trust", check)
    working.shelf().clear()
    run = finished_run("head_only")
    app = open_why(runs=run.name, trusted="Head only", trust="checked")
    assert not app.exception
    assert asked == [f"The network of run {run.name}"]
    app.selectbox(key=Key.TRUSTED).select("Pretrained").run()
    app.button(key="check_trust").click().run()
    assert asked[1:] == ["SqueezeNet 1.1"]
    working.shelf().clear()


def test_trust_of_a_layer_map_is_refused_with_a_reason() -> None:
    app = open_why(method="saliency", where="fire5")
    assert "The check is for Saliency at the picture's pixels" in text(app)
    assert not app.exception


class Stopped(BaseException):
    """What Streamlit raises in a script that a click has overtaken."""


def test_a_cancelled_method_leaves_the_network_as_it_was_and_is_not_kept() -> None:
    network = load_network(find_model("squeezenet1_1"))
    pixels = np.random.default_rng(0).integers(0, 255, (224, 224, 3), dtype=np.uint8)
    calls: list[int] = []

    def stop(done: int, total: int) -> None:
        calls.append(done)
        if len(calls) > 1:
            raise Stopped

    with pytest.raises(Stopped):
        attribute(network, pixels, Method.INTEGRATED_GRADIENTS, progress=stop)
    assert not network.lock.locked()
    assert not any(layer._forward_hooks or layer._backward_hooks for layer in network.module.modules())


def test_a_cancelled_computation_waits_for_the_person() -> None:
    def page() -> None:
        import streamlit as st

        from tlviz.ui.cached.working import computed

        found = computed("key", "Counting", lambda progress, _: progress(1, 2) or "found", is_slow=True, name="count")
        st.write(f"result: {found}")

    app = AppTest.from_function(page)
    app.session_state["cancelled_work"] = "key"
    working.shelf().clear()
    app.run()
    assert "Counting was cancelled" in app.info[0].value
    assert "result: None" in app.markdown[0].value
    app.button(key="again_count").click().run()
    assert app.markdown[0].value == "result: found"
    assert working.shelf().get("key") == "found"


def test_a_result_is_drawn_while_it_grows_and_only_it_stays() -> None:
    def page() -> None:
        import streamlit as st

        from tlviz.ui.cached import working

        working._SKETCH_EVERY_S = 0.0
        drawn: list[int] = []

        def compute(progress: working.Progress, sketch: working.Sketch | None) -> str:
            assert sketch is not None
            for step in range(3):
                progress(step, 3)
                sketch(step)
            return "found"

        def draw(step: int) -> None:
            drawn.append(step)
            st.caption(f"so far {step}")

        found = working.computed("growing", "Counting", compute, is_slow=True, name="count", draw=draw)
        st.write(f"{found} after {drawn}")

    working.shelf().clear()
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.markdown[0].value == "found after [0, 1, 2]"
    assert not app.caption
    assert app.run().markdown[0].value == "found after []", "what is known is not drawn again"


def test_a_shelf_keeps_the_last_used() -> None:
    shelf = ResultCache(2)
    for key in "ab":
        shelf.put(key, key.upper())
    assert shelf.get("a") == "A"
    shelf.put("c", "C")
    assert (shelf.get("a"), shelf.get("b"), shelf.get("c"), len(shelf)) == ("A", None, "C", 2)


def test_two_people_with_different_methods_on_one_network_each_get_the_right_map() -> None:
    network = networks.network("squeezenet1_1")
    pixels = np.random.default_rng(0).integers(0, 255, (224, 224, 3), dtype=np.uint8)
    methods = (Method.GUIDED_BACKPROP, Method.SALIENCY, Method.GRAD_CAM)
    alone = {method: attribute(network, pixels, method).map for method in methods}
    wrong: list[Method] = []

    def look(method: Method) -> None:
        for _ in range(4):
            if not np.allclose(attribute(network, pixels, method).map, alone[method], rtol=1e-4, atol=1e-6):
                wrong.append(method)

    threads = [threading.Thread(target=look, args=(method,)) for method in methods]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    st.cache_resource.clear()

"""The attributions page as AppTest sees it: methods, classes, stages, runs, trust, cancel and two people at once."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.finished import finished_run
from tlviz.explore.attributions import attribute
from tlviz.explore.methods import METHODS, Baseline, Method
from tlviz.models.catalogue import find_model
from tlviz.models.load import load_network
from tlviz.ui import cached, cached_attributions, working
from tlviz.ui.attribution_choice import find_true_class
from tlviz.ui.attribution_downloads import maps_npz
from tlviz.ui.cached_attributions import Asked
from tlviz.ui.compared import forget_run_networks
from tlviz.ui.shelf import Shelf
from tlviz.ui.state import Key

APP = str(Path(__file__).resolve().parents[2] / "app.py")


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
    assert app.title[0].value == "Why this answer?"
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
    assert "**Grad-CAM at every stage**, because Superpixel ablation works at the pixels only" in text(app)
    assert app.selectbox(key=Key.WHERE).options == ["the picture itself"]


def test_a_method_that_does_not_apply_says_why_and_offers_the_nearest_with_one_click() -> None:
    app = open_why(source="tf_efficientnet_lite0", method="guided_backprop")
    assert "Guided Backprop cannot be used here. This network also uses ReLU6" in app.info[0].value
    app.button(key="nearest_method").click().run()
    assert app.session_state[Key.METHOD] == Method.SMOOTHGRAD
    assert "SmoothGrad · at the picture" in text(app)
    assert not app.exception


def test_a_class_out_of_range_in_a_link_is_said() -> None:
    app = open_why(**{"class": "1000"})
    assert "asks for the class '1000', which is not here" in app.warning[0].value
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
    from tlviz.ui.attribution_panels import Answer, _largest_difference

    run = finished_run("head_only")
    network = cached.network("squeezenet1_1")
    pixels = np.random.default_rng(0).integers(0, 255, (224, 224, 3), dtype=np.uint8)
    asked = Asked("squeezenet1_1", run.name, Method.GRAD_CAM, 1, None, Baseline.MEAN)
    first = cached_attributions.swept(asked, pixels)
    working.shelf().clear()
    forget_run_networks()
    again = cached_attributions.swept(asked, pixels)
    assert again is not first
    assert first is not None
    assert again is not None
    answers = [Answer(name, asked, network, maps["fire9"], "x") for name, maps in (("a", first), ("b", again))]
    said = _largest_difference(answers, [given.attribution.map for given in answers])
    assert "b: no difference at all" in said
    with np.load(io.BytesIO(maps_npz(answers, first))) as loaded:
        assert loaded["a"].shape == (224, 224)
        assert loaded["own resolution/fire9"].shape == (13, 13)


def test_trust_is_told_in_words_when_asked_for() -> None:
    app = open_why()
    assert "Checks whether the map adds up" in text(app)
    app.button(key="check_trust").click().run()
    assert not app.exception
    assert not app.error
    said = text(app)
    assert "checks" in said
    assert all(name in said for name in ("Adds up", "Removing", "Adding", "Foretells", "Steady", "Depends on learning"))


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

        from tlviz.ui.working import computed

        found = computed("key", "Counting", lambda progress: progress(1, 2) or "found", is_slow=True, name="count")
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


def test_a_shelf_keeps_the_last_used() -> None:
    shelf = Shelf(2)
    for key in "ab":
        shelf.put(key, key.upper())
    assert shelf.get("a") == "A"
    shelf.put("c", "C")
    assert (shelf.get("a"), shelf.get("b"), shelf.get("c"), len(shelf)) == ("A", None, "C", 2)


def test_two_people_with_different_methods_on_one_network_each_get_the_right_map() -> None:
    network = cached.network("squeezenet1_1")
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

"""Where runs looked: the attribution of each beside one image, on Compare and for new pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.app.finished import CLASSES, finished_run
from tests.app.test_pages import open_page, text
from tlviz.data.images import load_images
from tlviz.explore.attribution import applicability
from tlviz.explore.attribution.methods import Method, NotApplicable
from tlviz.models.catalogue import find_model
from tlviz.models.load import build_for_target
from tlviz.runs.predictions import Answers, write_answers
from tlviz.runs.store.folder import RunFolder
from tlviz.ui.attributions.run_maps import usual_method
from tlviz.ui.cached.targets import padded
from tlviz.ui.state import Key


def answered(strategy: str, guess: int, **chosen: str) -> tuple[RunFolder, str]:
    """Return a run with real weights and its answers about the target's first two images, and the first's name."""
    run = finished_run(strategy, **chosen)  # type: ignore[arg-type]
    events = (run.path / "events.jsonl").read_text().splitlines()
    (run.path / "events.jsonl").write_text("\n".join([events[0].replace('"epoch": 0', '"epoch": 1'), events[1], ""]))
    images = load_images("photos", padded("squeezenet1_1"))
    logits = np.eye(len(images.classes), dtype=np.float32)[[guess, guess]] * 3
    write_answers(run, Answers(1, images.classes, images.names[:2], images.labels[:2], logits))
    return run, images.names[0]


def compare(*runs: RunFolder, **asked: str) -> AppTest:
    return open_page("compare", runs=",".join(run.name for run in runs), compared="Errors", **asked)


def test_a_chosen_image_shows_where_each_run_looked_and_leads_on() -> None:
    (one, name), (two, _) = answered("full", 1), answered("head_only", 0, moved="fire9")
    app = compare(one, two)
    assert "Grad-CAM for the answer given" not in text(app), "nothing is drawn before an image is chosen"
    app = compare(one, two, image=name)
    assert not app.exception
    assert "Grad-CAM for the answer given: bright areas support it; one colour scale for all." in text(app)
    app.button(key="compare_attributions").click().run()
    assert not app.exception
    assert app.title[0].value == "Attributions: why this answer?"
    assert app.session_state[Key.PICTURE] == name
    assert set(app.session_state[Key.RUNS]) == {one.name, two.name}
    assert app.sidebar.selectbox(key=Key.TARGET).value == "photos"


def test_weights_that_are_gone_are_one_sentence_beside_the_other_runs_map() -> None:
    (one, name), (two, _) = answered("full", 1), answered("head_only", 0)
    two.weights.unlink()
    app = compare(one, two, image=name)
    assert not app.exception
    assert "Grad-CAM for the answer given" in text(app)
    assert "cannot be explained here:" in text(app)


def test_feature_maps_open_on_the_compared_runs() -> None:
    (one, _), (two, _) = answered("full", 1), answered("head_only", 0)
    app = compare(one, two)
    app.button(key="compare_feature_maps").click().run()
    assert not app.exception
    assert app.title[0].value == "Feature maps: what does each stage see?"
    assert app.session_state[Key.LOOK] == "Before and after"
    assert set(app.session_state[Key.RUNS]) == {one.name, two.name}


def test_a_new_picture_shows_where_the_run_looked_and_goes_along(tmp_path: Path) -> None:
    finished_run("full", size=96)
    for name in ("one", "two"):
        Image.new("RGB", (40, 30), (200, 40, len(name))).save(tmp_path / f"{name}.png")
    app = open_page("runs")
    app.button_group(key="runs_view").set_value("Try it").run()
    app.text_input(key="try_folder").set_value(str(tmp_path)).run()
    assert not app.exception
    assert "bright areas support it" not in text(app)
    app.selectbox(key="try_where").set_value(str(tmp_path / "two.png")).run()
    assert not app.exception
    assert "Grad-CAM for the answer given: bright areas support it." in text(app)
    app.button(key="try_attributions").click().run()
    assert not app.exception
    assert app.title[0].value == "Attributions: why this answer?"
    assert app.button(key="leave_handed").label == "Close two.png"
    app.button(key="leave_handed").click().run()
    assert not app.exception
    assert not [button for button in app.button if button.key == "leave_handed"]


@pytest.mark.parametrize(
    ("model", "method"),
    [("squeezenet1_1", Method.GRAD_CAM), ("deit_tiny_patch16_224.fb_in1k", Method.TOKEN_GRAD_CAM)],
)
def test_a_network_of_tokens_gets_the_nearest_method(model: str, method: Method) -> None:
    network = build_for_target(find_model(model), CLASSES, pretrained=False, seed=0)
    assert usual_method(network) is method


def test_a_network_on_which_nothing_applies_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = NotApplicable("This network keeps no positions.", Method.SALIENCY)
    monkeypatch.setattr(applicability, "why_not", lambda _network, _method: refused)
    (run, name) = answered("full", 1)
    app = compare(run, image=name)  # compared with itself: both wrong
    assert not app.exception
    assert "No attribution applies to this network. This network keeps no positions." in text(app)


def test_a_folder_can_be_dropped_as_a_whole() -> None:
    finished_run("full", size=96)
    app = open_page("runs")
    app.button_group(key="runs_view").set_value("Try it").run()
    assert app.file_uploader[0].proto.multiple_files
    app.button_group(key="try_kind").set_value("a folder").run()
    assert not app.exception
    assert app.file_uploader[0].proto.accept_directory
    assert any("Full" in words.value and "finished" in words.value for words in app.markdown), "it says which run"


def test_a_clicked_row_is_looked_at_until_another_picture_is_chosen() -> None:
    def page() -> None:
        import streamlit as st

        from tlviz.ui.runs.try_maps import WHERE, look_at

        look_at(st.session_state.get("rows", []))
        st.write(str(st.session_state.get(WHERE)))

    app = AppTest.from_function(page).run()
    assert app.markdown[0].value == "None"
    app.session_state["rows"] = ["one.png"]
    assert app.run().markdown[0].value == "one.png"
    app.session_state["try_where"] = "two.png"
    assert app.run().markdown[0].value == "two.png", "the row that is still marked does not take it back"
    app.session_state["rows"] = ["three.png"]
    assert app.run().markdown[0].value == "three.png"

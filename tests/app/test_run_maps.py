"""Where runs looked: the attribution of each beside one image, on Compare and for new pictures."""

from __future__ import annotations

import numpy as np
from streamlit.testing.v1 import AppTest

from tests.app.finished import finished_run
from tests.app.test_pages import open_page, text
from tlviz.data.images import load_images
from tlviz.runs.answers import Answers, write_answers
from tlviz.runs.folder import RunFolder
from tlviz.ui.cached import padded
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
    assert "Grad-CAM for the answer given: bright is where it looked; one colour scale for all." in text(app)
    app.button(key="compare_attributions").click().run()
    assert not app.exception
    assert app.title[0].value == "Why this answer?"
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
    assert app.title[0].value == "What does each stage see?"
    assert app.session_state[Key.LOOK] == "Before and after"
    assert set(app.session_state[Key.RUNS]) == {one.name, two.name}

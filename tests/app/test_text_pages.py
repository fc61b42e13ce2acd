"""The pages that look, train and keep, where the source takes texts."""

from __future__ import annotations

from tests.app.finished import finished_run
from tests.app.test_pages import open_page, text

MODEL, DATA = "all-MiniLM-L6-v2", "reviews"


def test_a_sentence_is_looked_at_stage_by_stage_and_head_by_head() -> None:
    app = open_page("feature_maps", source=MODEL, target=DATA)
    assert not app.exception
    assert "72 attention heads" in text(app)
    app.text_area[0].set_value("A warm film.").run()
    assert "6 tokens at 7 stages" in text(app)
    assert "a warm film ." in text(app)
    app.select_slider(key="look_stage").set_value("embeddings").run()
    assert "choose a block" in text(app)
    assert not app.exception


def test_an_answer_is_explained_and_texts_are_tried_and_exported() -> None:
    run = finished_run("head_only", model=MODEL, data=DATA, classes=("negative", "positive"), size=128)
    app = open_page("attributions", source=MODEL, target=DATA)
    assert not app.exception
    assert "for negative speak" in text(app) or "for positive speak" in text(app)
    app = open_page("runs", source=MODEL, target=DATA)
    app.button_group(key="runs_view").set_value("Try it").run()
    app.text_area(key="try_texts").set_value("A warm film.\nDull.").run()
    assert not app.exception
    assert list(app.dataframe[-1].value["answer"].isin(["negative", "positive"])) == [True, True]
    app = open_page("export", source=MODEL, target=DATA, run=run.name)
    assert not app.exception
    assert [box.label for box in app.checkbox] == ["**transformers folder**", "**ONNX**"]

"""The feature maps page as AppTest sees it: every view, layers, edits, runs, links and mistakes."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.app.finished import finished_run
from tlviz.export.bundle import bundle_bytes, load_bundle
from tlviz.finetune.config import configure
from tlviz.models.catalogue import find_model
from tlviz.models.load import load_network
from tlviz.ui.feature_maps.choice import MapChoice, View, parse_numbers
from tlviz.ui.feature_maps.downloads import channels_csv, maps_npz
from tlviz.ui.feature_maps.grid import Column, build_grid, difference
from tlviz.ui.feature_maps.one_channel import _run_panes
from tlviz.ui.state import Key

APP = "app.py"


def open_look(**address: str) -> AppTest:
    app = AppTest.from_file(f"{__file__.rsplit('/tests/', 1)[0]}/{APP}", default_timeout=60)
    app.switch_page("pages/feature_maps.py")
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def text(app: AppTest) -> str:
    return "\n".join(str(part.value) for kind in (app.markdown, app.caption, app.error, app.info) for part in kind)


@pytest.mark.parametrize("model", ["squeezenet1_1", "tf_efficientnet_lite0"])
@pytest.mark.parametrize("view", list(View))
def test_every_view_opens_from_a_link_and_keeps_it(view: View, model: str) -> None:
    app = open_look(source=model, look=view)
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert app.session_state[Key.LOOK] == view
    assert app.query_params.get(Key.LOOK, [View.CHANNELS]) in (view, [view])


def test_a_link_reproduces_layer_numbers_scale_and_edit() -> None:
    address = {
        "look": "What if", "stage": "fire5", "layer": "features.7.squeeze", "order": "chosen", "numbers": "1, 3-5",
        "shared": "shared", "overlay": "50", "right": "20", "blur": "3", "cover": "30", "hue": "90",
    }  # fmt: skip
    app = open_look(**address)
    assert not app.exception
    assert not app.warning
    assert {name: app.query_params[name] for name in address} == address
    assert app.slider(key="right").value == 20
    assert "Largest difference. Difference: up to" in text(app)
    app.slider(key="right").set_value(0).run()
    assert "right" not in app.query_params


def test_the_second_picture_is_in_the_link() -> None:
    app = open_look(look="Two pictures", stage="fire5")
    app.selectbox(key=Key.SECOND).select("mammal/camel.jpg").run()
    assert app.query_params["second"] == "mammal/camel.jpg"
    linked = open_look(look="Two pictures", stage="fire5", second="mammal/camel.jpg")
    assert linked.selectbox(key=Key.SECOND).value == "mammal/camel.jpg"


def test_memory_that_runs_out_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("tlviz.explore.maps.feature_maps.extract_feature_maps", fail)
    st.cache_resource.clear()
    app = open_look()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "There was not enough memory for this view; choose a smaller network, or close other programs."
    ]


def test_a_link_to_nonsense_says_so_and_shows_the_default() -> None:
    app = open_look(look="Upside down", overlay="900", stage="fire99")
    assert not app.exception
    assert "\n".join(warning.value for warning in app.warning).count("which is not available here") == 3


def test_an_untouched_picture_makes_no_difference() -> None:
    app = open_look(look="What if")
    assert "Difference: no difference at all" in text(app)


def test_one_channel_is_followed_and_a_smaller_network_takes_the_nearest() -> None:
    app = open_look(look="One channel", stage="fire9", channel="500")
    assert app.number_input(key=Key.CHANNEL).value == 500
    assert "strongest of 512" in text(app) or "Channel 500 is silent" in text(app)
    app.select_slider(key=Key.STAGE).set_value("stem").run()
    assert app.number_input(key=Key.CHANNEL).value == 63
    assert not app.exception


def test_channels_that_do_not_exist_are_one_sentence() -> None:
    app = open_look(stage="stem", order="chosen", numbers="64-70")
    assert [error.value for error in app.error] == ["The channel does not exist: stem has channels 0 to 63."]
    app.text_input(key=Key.NUMBERS).set_value("edges").run()
    assert "'edges' is not a channel number" in app.error[0].value
    assert not app.exception


def test_a_receptive_field_says_what_is_seen() -> None:
    app = open_look(look="Receptive field", stage="stem", x="10", y="10")
    assert "It sees **7 x 7** of 224 x 224 pixels" in text(app)
    app.select_slider(key=Key.STAGE).set_value("fire2").run()
    assert "It sees **15 x 15** of 224 x 224 pixels" in text(app), "a 3 x 3 convolution at stride 4 and a pooling more"
    assert not app.exception


def test_a_silent_channel_is_said_to_be_silent() -> None:
    from tlviz.data.images import load_images
    from tlviz.explore.maps.feature_maps import extract_feature_maps, silent_channels
    from tlviz.ui.cached.targets import padded

    images = load_images("photos", padded("squeezenet1_1"))
    network = load_network(find_model("squeezenet1_1"))
    pixels = images.pixels[images.names.index("mammal/zebra.jpg")]
    silent = np.flatnonzero(silent_channels(extract_feature_maps(network, pixels).maps["fire9"]))
    assert len(silent)
    app = open_look(look="One channel", stage="fire9", channel=str(silent[0]))
    assert f"Channel {silent[0]} is silent on this picture" in text(app)


def test_runs_stand_beside_the_pretrained_network_and_an_untouched_one_shows_zero() -> None:
    same, moved = finished_run("head_only"), finished_run("full", moved="fire5")
    app = open_look(look="Before and after", stage="fire9", runs=f"{same.name},{moved.name}", show="difference")
    assert not app.exception
    assert not app.error
    assert "Head only: no difference at all; Full: up to" in text(app)
    app.select_slider(key=Key.STAGE).set_value("fire4").run()
    assert "Head only: no difference at all; Full: no difference at all" in text(app), "before the changed stage"
    assert not app.exception


def test_a_run_of_another_size_is_shown_at_the_sources_and_says_so() -> None:
    small = finished_run("head_only", size=128)
    app = open_look(look="Before and after", runs=small.name)
    assert "Trained on pictures of 128 pixels; shown at the source's 224" in text(app)
    assert "Head only: no difference at all" in text(app)


@pytest.mark.parametrize("view", [View.ONE, View.TWO, View.CHANGE, View.FIELD])
def test_every_view_has_runs_beside_the_pretrained_network(view: View) -> None:
    same, moved = finished_run("head_only"), finished_run("full", moved="fire5")
    app = open_look(look=view, stage="fire5", runs=f"{same.name},{moved.name}", blur="3")
    assert not app.exception
    assert not app.error
    assert app.query_params["runs"] == f"{same.name},{moved.name}"
    said = text(app)
    if view is View.ONE:
        assert "Head only: no difference at all; Full: up to" in said
    if view is View.CHANGE:
        assert "Difference · Head only: up to" in said
        assert "Difference · Full: up to" in said
    if view is View.FIELD:
        assert "Head only: It sees 79 x 79 of 224 x 224 pixels" in said
        assert "Full: It sees 79 x 79 of 224 x 224 pixels" in said


def test_one_channel_of_runs_is_drawn_on_the_pretrained_ones_scale_or_as_a_difference() -> None:
    from tlviz.figures.sprites import colour_limits

    before = {"fire5": np.array([[[0.0, 1.0]], [[2.0, 4.0]]], np.float32)}
    after = {"fire5": np.array([[[0.0, 1.0]], [[2.0, 3.0]]], np.float32)}
    picture = np.zeros((4, 4, 3), np.uint8)
    same, moved = (Column(name, picture, maps) for name, maps in (("Same", before), ("Moved", after)))
    limits = colour_limits([before["fire5"][1:]])
    panes = _run_panes([same, moved], "fire5", 1, limits)
    assert panes[1].values == ["2", "3"]
    assert not np.array_equal(panes[0].pixels, panes[1].pixels), "a weaker channel is darker"
    zero, less = _run_panes([replace(column, minus=before) for column in (same, moved)], "fire5", 1, limits)
    assert zero.values == ["0", "0"]
    assert less.values == ["0", "-1"]
    assert (zero.pixels == zero.pixels[0, 0]).all(), "no difference is one colour throughout"


def test_no_run_yet_is_said() -> None:
    app = open_look(look="Before and after")
    assert "No finished run of this network yet" in app.info[0].value


def choice(**changes: Any) -> MapChoice:
    from tlviz.explore.maps.feature_maps import Order

    network = load_network(find_model("squeezenet1_1"))
    plain = {
        "model": "squeezenet1_1", "stages": network.stages[:2], "stage": "all stages", "layer": "",
        "order": Order.CHOSEN, "numbers": (1, 0), "is_shared": False, "overlay": 0,
    }  # fmt: skip
    return MapChoice(**(plain | changes))


def columns(side: int = 4) -> list[Column]:
    generator = np.random.default_rng(0)
    maps = {name: generator.normal(size=(3, side, side)).astype(np.float32) for name in ("stem", "fire2")}
    other = {name: values[:, ::2, ::2] + 1 for name, values in maps.items()}
    pixels = np.zeros((16, 16, 3), np.uint8)
    return [Column("before", pixels, maps), Column("after", pixels, other, minus=maps)]


def test_a_grid_holds_the_named_channels_of_every_column() -> None:
    grid = build_grid(choice(overlay=40), columns())
    assert (grid.places, grid.channels) == (["stem", "fire2"], [[1, 0], [1, 0]])
    assert [len(pane.hints) for pane in grid.rows[0].panes] == [2, 2]
    assert "channel 1: mean absolute" in grid.rows[0].panes[0].hints[0]
    assert "differs by up to" in grid.rows[0].panes[1].hints[0]


def test_maps_of_another_grid_are_compared_on_the_first_ones() -> None:
    before, after = columns()
    found = difference(after, "stem")
    assert found.shape == before.maps["stem"].shape
    np.testing.assert_allclose(found[:, 0, 0], 1, rtol=1e-6)


def test_downloads_hold_all_channels() -> None:
    both = columns()
    with np.load(io.BytesIO(maps_npz(choice(), both))) as loaded:
        assert set(loaded) == {"before/stem", "before/fire2", "after/stem", "after/fire2"}
        np.testing.assert_array_equal(loaded["before/stem"], both[0].maps["stem"])
    rows = list(csv.DictReader(io.StringIO(channels_csv(choice(), both[:1]).decode())))
    assert len(rows) == 6
    assert float(rows[0]["mean"]) == pytest.approx(float(both[0].maps["stem"][0].mean()), rel=1e-5)


def test_numbers_are_read_as_written() -> None:
    assert parse_numbers("0, 7;20 - 22  7") == (0, 7, 20, 21, 22)
    assert parse_numbers("") == ()


@pytest.mark.parametrize(("size", "said"), [((8, 8), "red.jpg is only 8 x 8 pixels large"), ((12_000, 6_000), "")])
def test_tiny_and_huge_uploads_are_looked_at(size: tuple[int, int], said: str) -> None:
    app = upload(size)
    assert not app.exception
    assert not app.error
    assert said in text(app)
    assert ("pixels large" in text(app)) == bool(said)


def test_a_square_of_12000_pixels_is_refused_in_one_sentence_and_the_page_goes_on() -> None:
    app = upload((12_000, 12_000))
    assert not app.exception
    assert [error.value for error in app.error] == [
        "red.jpg is too large (12,000 x 12,000 pixels); scale it below 100 megapixels."
    ]
    assert "A tile is one channel" in text(app)


def upload(size: tuple[int, int]) -> AppTest:
    buffer = io.BytesIO()
    Image.new("L", size, 90).save(buffer, "JPEG")
    app = open_look()
    return app.file_uploader(key=Key.UPLOAD).set_value(("red.jpg", buffer.getvalue(), "image/jpeg")).run()


def test_a_link_to_runs_of_which_one_is_gone_shows_the_other() -> None:
    run = finished_run("head_only")
    app = open_look(look="Before and after", runs=f"{run.name},gone")
    assert not app.exception
    assert [warning.value for warning in app.warning] == [
        "The link names runs that are not available here; the others are shown."
    ]
    assert app.session_state[Key.RUNS] == [run.name]


def test_a_link_brings_no_pictures_from_elsewhere() -> None:
    app = open_look(stage="![x](http://elsewhere.example/x.png)")
    assert "!\\[x\\](" in app.warning[0].value


def test_a_run_whose_numbers_are_not_finite_is_named() -> None:
    run = finished_run("head_only")
    network = load_bundle(run.weights)
    with torch.no_grad():
        network.module.get_parameter("features.7.squeeze.weight").fill_(float("nan"))
    config = configure("squeezenet1_1", "photos", "head_only", image_size=224)
    run.weights.write_bytes(bundle_bytes(network, config, {}))
    app = open_look(look="Before and after", runs=run.name)
    assert not app.exception
    assert f"run {run.name} gives values that are not finite from fire5 on" in text(app)

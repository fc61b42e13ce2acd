"""The Channels page: a channel and its images, links, dead channels, and the atlas."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.finished import finished_run
from tests.app.test_pages import APP, open_page, text, the_server_knows_the_page_table  # noqa: F401 (a fixture)
from tlviz.data.images import ImageSet
from tlviz.explore.channels.filters import first_weights
from tlviz.explore.channels.top_images import TopImages, top_images_of_stages
from tlviz.models.load import Network
from tlviz.runs.store.folder import create_run, list_runs
from tlviz.runs.store.kinds import VISUALISE
from tlviz.ui.channels.atlas import Atlas, atlas_table
from tlviz.ui.channels.before_after import class_changes, describe_change, side_by_side
from tlviz.ui.channels.panel import sentence, words
from tlviz.ui.channels.tables import channel_table, filter_table, networks_table, stage_table
from tlviz.ui.channels.view import ChannelsView
from tlviz.ui.state import Key


@pytest.fixture
def place(tiny: Network, colours: ImageSet) -> ChannelsView:
    return ChannelsView("squeezenet1_1", tiny.stages, tiny.stages[0], colours, "v")


@pytest.fixture
def top(tiny: Network, colours: ImageSet) -> TopImages:
    return top_images_of_stages(tiny, colours, ["stem"])["stem"]


@pytest.fixture
def open_channels(drawings: Path) -> Callable[..., AppTest]:
    """Return what opens the page on a few drawings, at an address."""

    def opened(**address: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=120)
        app.switch_page("pages/channels.py")
        for name, value in ({"target": "folder", "folder": str(drawings)} | address).items():
            app.query_params[name] = value
        return app.run()

    return opened


def test_it_opens_on_the_most_selective_channel_and_says_what_for(open_channels: Callable[..., AppTest]) -> None:
    app = open_channels()
    assert not app.exception
    assert not app.error
    assert "of **fire9** responds most to" in text(app)
    assert app.query_params["stage"] == "fire9"
    assert app.query_params["channel"] == str(app.session_state[Key.CHANNEL])
    first = app.session_state[Key.CHANNEL]

    app.number_input(key=Key.CHANNEL).set_value(17).run()
    app.run()
    assert app.session_state[Key.CHANNEL] == 17
    app.session_state[Key.STAGE] = "fire8"  # as another page would: a number means nothing in another stage
    app.run()
    assert "of **fire8** responds most to" in text(app)
    assert app.session_state[Key.CHANNEL] not in (first, 17)


def test_a_link_reproduces_the_view_and_another_channel_follows(open_channels: Callable[..., AppTest]) -> None:
    app = open_channels(stage="fire2", channel="0")
    assert not app.exception
    assert app.number_input(key=Key.CHANNEL).value == 0
    assert "Channel **0** of **fire2**" in text(app)
    app.number_input(key=Key.CHANNEL).set_value(17).run()
    assert "Channel **17** of **fire2**" in text(app)
    assert app.query_params["channel"] == "17"
    jump = app.selectbox(key="channel_jump")
    jump.select_index(0).run()
    assert str(app.session_state[Key.CHANNEL]) == jump.options[0].split(" ")[0]
    assert not app.exception


def test_a_channel_that_is_not_there_says_so(open_channels: Callable[..., AppTest]) -> None:
    app = open_channels(stage="stem", channel="64")
    assert "names the channel '64', which is not available here" in app.warning[0].value
    assert not app.exception


def test_the_head_names_its_classes(open_channels: Callable[..., AppTest]) -> None:
    app = open_channels(stage="head", channel="340")
    assert not app.exception
    assert "Channel **340 (zebra)** of **head**" in text(app)


def test_drawing_starts_a_worker_and_a_cancelled_one_is_said(open_channels: Callable[..., AppTest]) -> None:
    app = open_channels(stage="stem", channel="3")
    next(button for button in app.button if button.label == "Optimise a picture").click().run()
    (job,) = list_runs(VISUALISE)
    assert job.config()["settings"]["wish"]["channel"] == 3
    settings = job.config()["settings"]
    assert not app.exception
    job.request_stop()
    stopped = create_run(VISUALISE, "zz", settings)  # named later than the first, so it is the last one
    stopped = replace(stopped, path=stopped.path.rename(stopped.path.with_name(f"9{stopped.name}")))
    (stopped.path / "events.jsonl").write_text('{"event": "finished", "time": 1.0, "status": "stopped"}\n')
    app.run()
    assert "The optimisation was cancelled; nothing was kept." in text(app)


def test_the_atlas_opens_with_its_download(open_channels: Callable[..., AppTest]) -> None:
    app = open_channels(channels_view="Atlas")
    assert not app.exception
    assert "A row is a stage" in text(app)
    assert app.query_params["channels_view"] == "Atlas"
    app.button_group(key=Key.ATLAS).set_value("strongest").run()
    assert not app.exception


def test_sentences_for_a_preference_for_none_and_for_silence(place: ChannelsView, top: TopImages) -> None:
    means = top.class_means.copy()
    means[0], means[1] = (3, 1, 1), (1.0, 1.1, 1.0)
    means[2] = 0
    changed = replace(top, class_means=means)
    assert sentence(place, changed, 0).startswith(
        "Channel **0** of **stem** responds most to **red**: class selectivity **0.50**"
    )
    assert "prefers no class: its selectivity is only **0.05**" in sentence(place, changed, 1)
    assert "is never above zero on these 60 images" in sentence(place, changed, 2)
    still = replace(top, lowest=top.highest)
    assert "is dead here: it gives" in sentence(place, still, 0)


def test_tables_hold_the_numbers(place: ChannelsView, top: TopImages) -> None:
    rows = list(csv.DictReader(io.StringIO(channel_table(place, top, 1).decode())))
    assert [int(row["rank"]) for row in rows] == list(range(1, 10))
    assert [float(row["activation"]) for row in rows] == pytest.approx(top.values[1].tolist(), rel=1e-5)
    assert rows[0]["image"] == place.images.names[top.images[1, 0]]
    channels = list(csv.DictReader(io.StringIO(stage_table(place, top).decode())))
    assert [int(row["channel"]) for row in channels] == [0, 1, 2, 3]
    assert float(channels[2]["mean: green"]) == pytest.approx(top.class_means[2, 1])
    chosen = float(channels[1]["class_selectivity"])
    assert chosen == pytest.approx(float(top.selectivity()[1]))
    assert words(place, top, 1, 0).startswith(f"1. {place.images.names[top.images[1, 0]]} (")


def test_a_small_folder_of_ones_own_serves(tmp_path: Path) -> None:
    from PIL import Image

    for name, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
        (tmp_path / name).mkdir()
        for at in range(3):
            noise = np.random.default_rng(at).integers(0, 50, (40, 30, 3), dtype=np.uint8)
            Image.fromarray(noise + np.array(colour, np.uint8)).save(tmp_path / name / f"{at}.png")
    app = open_page("channels", target="folder", folder=str(tmp_path))
    assert not app.exception
    assert not app.error
    assert "of **fire9**" in text(app)


def test_runs_stand_beside_the_pretrained_channel_and_an_untouched_one_shows_zero(
    open_channels: Callable[..., AppTest],
) -> None:
    same, moved = finished_run("head_only"), finished_run("full", moved="fire2")
    address = {"channel": "5", "runs": f"{same.name},{moved.name}"}
    app = open_channels(stage="fire2", show="difference", **address)
    assert not app.exception
    assert not app.error
    said = text(app)
    assert "**Pretrained**" in said
    assert "**Head only**" in said
    assert "**Full**" in said
    assert said.count("its classes' activations: no difference at all") == 1
    assert said.count("its classes' activations differ by up to") == 1
    assert said.count("minus the pretrained one's") == 2
    earlier = open_channels(stage="stem", **address)
    assert text(earlier).count("no difference at all") == 2, "before the changed stage"
    assert [button.proto.label for button in earlier.get("download_button")].count("Filter PNG") == 3
    head = open_channels(stage="head", **address)
    assert not head.exception
    assert "so its channels cannot be compared" in text(head)


def test_networks_side_by_side_download_as_a_picture_and_as_numbers(place: ChannelsView, top: TopImages) -> None:
    after = replace(top, class_means=top.class_means * 2)
    rows = list(
        csv.DictReader(io.StringIO(networks_table([place, replace(place, tuned="r")], [top, after], 1).decode()))
    )
    assert [row["network"] for row in rows] == ["squeezenet1_1", "r"]
    assert float(rows[1]["mean: red"]) == pytest.approx(2 * float(rows[0]["mean: red"]))
    assert class_changes(top, after, 1) == pytest.approx(top.class_means[1].tolist())
    dead = replace(top, lowest=top.highest)
    assert side_by_side(["a"], [place], [dead], 1) == b"", "a dead channel has no pictures"


def test_a_filter_downloads_as_its_weights(tiny: Network) -> None:
    weights = first_weights(tiny)
    assert weights is not None
    rows = list(csv.DictReader(io.StringIO(filter_table(weights[2]).decode())))
    assert len(rows) == 9
    assert float(rows[5]["blue"]) == pytest.approx(float(weights[2, 2, 1, 2]))


def test_the_atlas_after_a_run_has_the_same_channels_and_no_head(open_channels: Callable[..., AppTest]) -> None:
    run = finished_run("head_only")
    app = open_channels(channels_view="Atlas", atlas="strongest", runs=run.name)
    assert not app.exception
    assert not app.error
    assert app.query_params["atlas"] == "strongest"
    assert "The same channels after this run" in text(app)
    assert app.get("download_button")[1].proto.label == "Download CSV"


def test_the_atlas_downloads_as_numbers(tiny: Network, colours: ImageSet, top: TopImages) -> None:
    atlas = Atlas("squeezenet1_1", None, "Tiny", tiny.stages, colours, {"stem": top}, {"stem": [2, 0]})
    rows = list(csv.DictReader(io.StringIO(atlas_table(atlas).decode())))
    assert [(row["stage"], row["channel"]) for row in rows] == [("stem", "2"), ("stem", "0")]
    assert rows[0]["image"] == colours.names[top.images[2, 0]]
    assert float(rows[1]["activation"]) == pytest.approx(float(top.values[0, 0]))


def test_what_a_drawing_is_to_excite_is_in_the_link(open_channels: Callable[..., AppTest]) -> None:
    app = open_channels(stage="stem", channel="3", objective="in the middle")
    assert app.session_state[Key.OBJECTIVE] == "in the middle"
    assert app.query_params["objective"] == "in the middle"
    next(button for button in app.button if button.label == "Optimise a picture").click().run()
    (job,) = list_runs(VISUALISE)
    assert job.config()["settings"]["wish"]["objective"] == "in the middle"
    job.request_stop()


def test_a_change_is_counted(top: TopImages) -> None:
    other = top.images.copy()
    other[0, :4] = 1000 + np.arange(4)
    means = top.class_means.copy()
    means[0] = (4, 0, 0)
    words = describe_change(top, replace(top, images=other, class_means=means), 0)
    assert words.startswith("Of its 9 top images **5** are the same; class selectivity went from")
    assert "to 1.00; its classes' activations differ by up to" in words
    assert "**9** are the same" in describe_change(top, top, 0)
    assert describe_change(top, top, 0).endswith("no difference at all.")

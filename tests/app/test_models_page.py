"""The Models page: finding, comparing, using and importing networks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import open_page, text, the_server_knows_the_page_table  # noqa: F401 (a fixture)
from tlviz.models.build import build_module
from tlviz.models.catalogue import find_model
from tlviz.models.checkpoint import import_checkpoint
from tlviz.models.imported import delete_own
from tlviz.ui.state import Key, key_of


def table(app: AppTest) -> list[str]:
    return [str(title) for title in app.dataframe[0].value["title"]]


def checkpoint(folder: Path, architecture: str, classes: int) -> Path:
    torch.manual_seed(0)
    path = folder / f"{architecture}.safetensors"
    state = build_module(find_model(architecture), classes).state_dict()
    save_file({name: value.contiguous() for name, value in state.items()}, path)
    return path


def test_search_and_filters_narrow_the_table() -> None:
    app = open_page("models")
    everything = len(table(app))
    app.text_input(key="models_search").set_value("dinov2 small").run()
    assert 0 < len(table(app)) < everything
    assert all("dinov2" in title.lower() for title in table(app))
    app.text_input(key="models_search").set_value("").run()
    app.toggle(key="models_here").set_value(True).run()
    assert table(app) == ["SqueezeNet 1.1", "EfficientNet-Lite0", "MiniLM sentence encoder"]


def test_a_link_compares_two_networks_that_are_not_here() -> None:
    app = open_page("models", models="resnet50,vit_b_16")
    assert not app.exception
    assert [part.value for part in app.header] == ["ResNet50", "ViT B 16"]
    assert [button.label for button in app.button if button.label.startswith("Download")] == [
        "Download (103 MB)", "Download (346 MB)",
    ]  # fmt: skip


def test_a_link_to_an_unknown_network_suggests_the_nearest() -> None:
    app = open_page("models", models="resnet55,resnet18")
    assert "There is no network called 'resnet55'" in app.warning[0].value
    assert [part.value for part in app.header] == ["ResNet18"]


def test_a_network_can_be_made_the_source() -> None:
    app = open_page("models", models="tf_efficientnet_lite0")
    next(button for button in app.button if button.label == "Use as the source").click().run()
    assert app.sidebar.selectbox(key=Key.SOURCE).value == "tf_efficientnet_lite0"


@pytest.mark.parametrize("architecture", [pytest.param("vit_tiny_patch16_224", marks=pytest.mark.slow), "resnet18"])
def test_an_own_checkpoint_is_a_source_like_any_other(tmp_path: Path, architecture: str) -> None:
    """Every page works on it: a transformer's tokens are feature maps, its head is replaced for fine-tuning."""
    import_checkpoint(checkpoint(tmp_path, architecture, 3), architecture, ["ant", "bee", "cow"], "mine")
    for page in ("overview", "feature_maps", "finetune", "models"):
        app = open_page(page, source="mine", target="clipart")
        assert not app.exception, page
        assert not app.error, page
        assert app.sidebar.selectbox(key=Key.SOURCE).value == "mine"


def test_a_mistake_in_the_import_form_is_one_sentence() -> None:
    app = open_page("models")
    next(button for button in app.button if button.label == "Import").click().run()
    assert not app.exception
    assert "No weights file is chosen yet." in text(app)


def test_a_link_that_names_a_network_twice_shows_it_once() -> None:
    app = open_page("models", models="resnet18,resnet18")
    assert not app.exception
    assert [part.value for part in app.header] == ["ResNet18"]


def test_a_mistake_in_a_callback_is_one_sentence_on_the_page(tmp_path: Path) -> None:
    import_checkpoint(checkpoint(tmp_path, "squeezenet1_1", 2), "squeezenet1_1", ["a", "b"], "mine")
    app = open_page("models", models="mine")
    delete_own("mine")  # as in another tab
    app.button(key=key_of("delete", "mine")).click().run()
    assert not app.exception
    assert "There is no checkpoint called 'mine'" in app.error[0].value

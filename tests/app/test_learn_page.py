"""The Learn page for a class: own cards and targets, a mistake in one of them, larger type."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.app.test_pages import open_page, text
from tests.unit.learn.made import VALUES
from tlviz.home import ASSETS
from tlviz.learn.class_folder import CLASS_FOLDER
from tlviz.program import PROJECTOR
from tlviz.ui.frame import FOR_PROJECTOR
from tlviz.ui.state import Key


def test_a_class_has_its_cards_and_targets_and_larger_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CLASS_FOLDER, str(tmp_path))
    monkeypatch.setenv(PROJECTOR, "1")
    (tmp_path / "cards").mkdir()
    shutil.copytree(ASSETS / "datasets" / "photos" / "tool", tmp_path / "datasets" / "leaves" / "tool")
    shutil.copytree(ASSETS / "datasets" / "photos" / "bird", tmp_path / "datasets" / "leaves" / "bird")
    own = VALUES | {"experiments": [VALUES["experiments"][0] | {"data": "leaves"}], "claim": "Leaves <b>are</b> near."}
    (tmp_path / "cards" / "own.yaml").write_text(yaml.safe_dump(own))
    (tmp_path / "cards" / "wrong.yaml").write_text("name: Wrong Name\n")
    app = open_page("learn", card="made-up")
    assert not app.exception
    assert "wrong.yaml lacks" in "\n".join(error.value for error in app.error) or "wrong.yaml" in text(app)
    assert app.radio(key=Key.CARD).value == "made-up"
    said = text(app)
    assert "Leaves \\<b>are\\</b> near." in said
    assert "Nothing was measured for the card 'made-up' yet" in said
    assert FOR_PROJECTOR in repr(app._tree) or any(FOR_PROJECTOR in part.proto.body for part in app.get("html"))
    assert "leaves" in app.sidebar.selectbox(key=Key.TARGET).options

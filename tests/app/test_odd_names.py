"""Names as people have them, with blanks, dashes, quotes and underscores, break no page."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from tests.app.finished import CLASSES, finished_run
from tests.app.test_pages import APP, PAGES
from tlviz.finetune.config import configure
from tlviz.home import ASSETS
from tlviz.runs.launch import find_kind
from tlviz.runs.notes import Notes, write_notes
from tlviz.runs.store.folder import RunFolder, create_run
from tlviz.ui.state import Key

NAMES = ("photos - copy", pytest.param("__init__ 'a' \"b\" [c](d) $e$ <f>", marks=pytest.mark.slow))


def folder(tmp_path: Path, name: str) -> Path:
    """Copy a few photographs of each class below a name."""
    root = tmp_path / name
    photos = sorted((ASSETS / "datasets" / "photos").rglob("*.jpg"))
    for at, label in enumerate(CLASSES):
        (root / label).mkdir(parents=True)
        for file in photos[4 * at : 4 * at + 4]:
            shutil.copy(file, root / label)
    return root


def run_on(data: Path, model: RunFolder) -> RunFolder:
    """Make a finished run on a folder, named as the program names it, and one that is going on."""
    settings = configure("squeezenet1_1", str(data), "head_only", image_size=64).to_json()
    run = create_run("finetune", find_kind("finetune").folder_label(settings), settings)
    for name in ("best.safetensors", "events.jsonl"):
        shutil.copy(model.path / name, run.path / name)
    write_notes(run, Notes(data.name, data.name, (data.name,)))
    going_on = create_run("finetune", find_kind("finetune").folder_label(settings), settings)
    epoch = {"event": "epoch", "epoch": 0, "duration_s": 0.0, "images_per_s": 0.0, "val_loss": 1.0, "val_accuracy": 0.5}
    (going_on.path / "events.jsonl").write_text(json.dumps(epoch | {"time": time.time()}) + "\n", encoding="utf-8")
    return run


@pytest.mark.parametrize("name", NAMES)
def test_every_page_opens_on_a_target_of_any_name(name: str, tmp_path: Path) -> None:
    from streamlit.testing.v1 import AppTest

    data = folder(tmp_path, name)
    run = run_on(data, finished_run("head_only"))
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params[Key.TARGET] = "folder"
    app.query_params[Key.FOLDER] = str(data)
    app.query_params[Key.RUN] = run.name
    app.run()
    for page in PAGES:
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception, (page, [error.value for error in app.exception])
        assert app.title[0].value == PAGES[page]

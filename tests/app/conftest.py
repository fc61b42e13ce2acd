"""What every test with AppTest needs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.pages_manager import PagesManager

from tlviz.home import ASSETS


def _copy_first(each: int, folder: Path) -> Path:
    for given in sorted((ASSETS / "datasets" / "clipart").iterdir()):
        (folder / given.name).mkdir()
        for picture in sorted(given.iterdir())[:each]:
            shutil.copy(picture, folder / given.name)
    return folder


@pytest.fixture(scope="session")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the first two drawings of each class of the bundled ones: enough for a page to be about."""
    return _copy_first(2, tmp_path_factory.mktemp("drawings"))


@pytest.fixture(scope="session")
def measurable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with five drawings of each class, the fewest that can be measured."""
    return _copy_first(5, tmp_path_factory.mktemp("measurable"))


@pytest.fixture(autouse=True)
def the_server_knows_the_page_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server remembers after its first run that ``app.py`` calls ``st.navigation``; AppTest forgets it each time."""
    original = PagesManager.__init__

    def init(self: PagesManager, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", init)

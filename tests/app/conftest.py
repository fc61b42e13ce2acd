"""What every test with AppTest needs."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.runtime.pages_manager import PagesManager


@pytest.fixture(autouse=True)
def the_server_knows_the_page_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server remembers after its first run that ``app.py`` calls ``st.navigation``; AppTest forgets it each time."""
    original = PagesManager.__init__

    def init(self: PagesManager, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", init)

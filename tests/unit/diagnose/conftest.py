"""What the tests of profiles share: a target of painted pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.painted import paint


@pytest.fixture
def target(tmp_path: Path) -> Path:
    for label, name in enumerate(("cat", "dog")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for at in range(30):
            paint(100 * label + at).save(tmp_path / "pets" / name / f"{at}.png")
    return tmp_path / "pets"

"""What the tests of sources share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.data.sources.tiny_public import (
    Patch,
    Served,
)
from tlviz.data.sources.public import PUBLIC, PublicSpec, library_class


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> Patch:
    """Make the table's row and torchvision's class fit a tiny copy; return the row."""

    def change(name: str, images: int, classes: int, **attributes: Any) -> PublicSpec:
        spec = replace(PUBLIC[name], images=images, class_count=classes)
        if spec.archive_md5:
            spec = replace(spec, archive_md5=attributes.pop("archive_md5"))
        monkeypatch.setitem(PUBLIC, name, spec)
        for attribute, value in attributes.items():
            monkeypatch.setattr(library_class(spec), attribute, value)
        return spec

    return change

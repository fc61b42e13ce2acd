"""What the tests of pixels share."""

from __future__ import annotations

import uuid

import pytest

from tests.unit.data.pixels.counted import Counted


@pytest.fixture
def counted() -> Counted:
    counter = Counted()
    counter.unique = uuid.uuid4().hex
    return counter

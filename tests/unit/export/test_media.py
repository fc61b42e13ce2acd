"""Each modality offers all that an export asks for."""

from __future__ import annotations

import pytest

from tlviz.export.media import ExportSide, export_side
from tlviz.medium import Medium


@pytest.mark.parametrize("medium", Medium)
def test_a_side_has_every_function(medium: Medium) -> None:
    asked = [name for name in vars(ExportSide) if not name.startswith("_")]
    assert len(asked) == 6
    assert all(callable(getattr(export_side(medium), name)) for name in asked)

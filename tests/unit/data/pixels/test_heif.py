"""HEIC files are read where pi-heif is there, and named where it is not."""

from __future__ import annotations

import sys

import pytest

from tests.heic import HEIC
from tlviz.data.pixels import heif
from tlviz.data.pixels.pictures import open_picture
from tlviz.errors import BadPictureError


def test_a_heic_file_is_read() -> None:
    assert open_picture(HEIC)[0].size == (40, 24)


def test_without_the_library_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heif, "_is_ready", False)
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(BadPictureError, match="x is a HEIC picture, and pi_heif is not installed; save it as JPEG"):
        open_picture(HEIC, "x")

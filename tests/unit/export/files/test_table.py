"""Formats are read by name, and every row of the table can be written."""

from __future__ import annotations

from importlib import import_module

import pytest

from tlviz.errors import BadSettingError
from tlviz.export.files.table import FORMATS, TEXT_FORMATS, Format, Script, parse_formats, scripts_for


def test_formats_are_read_by_name_and_in_groups() -> None:
    assert parse_formats(" onnx,pt, onnx") == [Format.ONNX, Format.PT]
    assert parse_formats("every") == list(FORMATS)
    usual = parse_formats("all")
    assert {Format.SAFETENSORS, Format.PT, Format.PT2, Format.ONNX, Format.ONNX_UINT8} <= set(usual)
    assert not any(FORMATS[form].is_variant for form in usual)


@pytest.mark.parametrize("names", ["onnxx", "", " , ", "pt,tar"])
def test_unknown_formats_are_refused_with_those_on_offer(names: str) -> None:
    with pytest.raises(BadSettingError, match="it must be all, every, or one or more of safetensors, pt"):
        parse_formats(names)


def test_every_format_has_a_row_a_file_of_its_own_and_a_function() -> None:
    assert set(FORMATS) == set(Format)
    assert len({spec.file for spec in FORMATS.values()}) == len(FORMATS)
    for spec in (*FORMATS.values(), *TEXT_FORMATS.values()):
        module, _, function = spec.written_by.rpartition(".")
        assert callable(getattr(import_module(f"tlviz.export.{module}"), function)), spec.title
        assert spec.sentence.endswith(".")


def test_scripts_are_those_that_read_the_formats() -> None:
    assert scripts_for([Format.PT2, Format.PT]) == [Script.TORCH]
    assert scripts_for([Format.ONNX, Format.SAFETENSORS]) == [Script.TORCH, Script.ONNX]
    assert scripts_for([Format.BACKBONE]) == []

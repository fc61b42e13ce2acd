"""Values written as Python read back as the same values."""

from __future__ import annotations

import ast

import pytest

from tlviz.export.python_text import braced, lines, literal, plain


@pytest.mark.parametrize("value", [("a",), ("a", 'b"c'), [1, 2.5], {"x": ("y",), "z": None}, True, "猫\\"])
def test_a_literal_is_the_value(value: object) -> None:
    assert ast.literal_eval(literal(value)) == value


def test_tables_are_the_values_on_lines_that_can_be_read() -> None:
    values = {f"stage{at}": at / 3 for at in range(40)}
    assert ast.literal_eval(f"{{\n{lines(values, 4)}\n}}") == values
    assert ast.literal_eval(braced(values)) == values
    assert ast.literal_eval(f"[{lines(list(values), 4)}]") == list(values)
    assert max(map(len, lines(values, 4).splitlines())) < 120
    assert "\n" not in braced({"head": 0.001})


def test_words_in_the_head_of_a_program_stay_on_their_line() -> None:
    assert plain('C:\\new\n"""x') == "C:/new '''x"
    assert len(plain("x" * 300)) == 80

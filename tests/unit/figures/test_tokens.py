"""Tokens in colour: what the network reads is text, never markup."""

from __future__ import annotations

import numpy as np

from tlviz.figures.tokens import coloured_sentence, plot_head_entropy, plot_token_square, plot_token_values


def test_tokens_are_shown_as_they_are_with_their_numbers() -> None:
    html = coloured_sentence(["<b>", "good"], np.array([-1.0, 0.5], np.float32), signed=True)
    assert "&lt;b&gt;" in html and "<b>" not in html
    assert 'title="good +0.5"' in html
    assert "rgba(214,90,20,0.550)" in html and "rgba(31,119,180,0.275)" in html


def test_a_token_that_comes_twice_has_two_places() -> None:
    values = np.array([0.1, 0.2, -0.3], np.float32)
    bars = plot_token_values(["the", "film", "the"], values, "Values", signed=True).data[0]
    assert list(bars.x) == [0, 1, 2]
    square = plot_token_square(
        ["the", "the"], np.eye(2, dtype=np.float32), "Alike", signed=True, across="token", down="token"
    ).data[0]
    assert list(square.x) == ["0 the", "1 the"]


def test_each_head_is_a_dot_and_their_mean_a_line() -> None:
    figure = plot_head_entropy({"block1": np.array([1.0, 3.0], np.float32), "block2": np.array([2.0], np.float32)})
    *dots, line = figure.data
    assert [list(trace.y) for trace in dots] == [[1.0, 3.0], [2.0]]
    assert list(line.y) == [2.0, 2.0]

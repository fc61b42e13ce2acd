"""What is shown as it is, with what matters in bold."""

from __future__ import annotations

from tlviz.ui.messages import strong_words


def test_what_matters_is_bold_and_a_name_is_no_markup() -> None:
    said = strong_words(lambda strong: f"{strong('A *mine* [x](y)')} is ahead of B <b>")
    assert said == r"**A \*mine\* \[x\](y)** is ahead of B \<b>"

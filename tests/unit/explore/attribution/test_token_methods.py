"""The table of ways to explain texts is whole, and says which have a sign."""

from __future__ import annotations

from tlviz.explore.attribution.token_methods import TOKEN_METHODS, TokenMethod


def test_every_method_has_a_row() -> None:
    assert set(TOKEN_METHODS) == set(TokenMethod)
    assert "explains no answer" in TOKEN_METHODS[TokenMethod.ATTENTION_ROLLOUT].sentence
    assert not TOKEN_METHODS[TokenMethod.SALIENCY].is_signed

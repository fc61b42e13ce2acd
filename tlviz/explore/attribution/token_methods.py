"""The ways to say which tokens an answer rests on, by name.  No torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TokenMethod(StrEnum):
    """A way to say which tokens of a text an answer rests on."""

    SALIENCY = "saliency"
    INPUT_X_GRADIENT = "input_x_gradient"
    INTEGRATED_GRADIENTS = "integrated_gradients"
    OCCLUSION = "occlusion"
    ATTENTION_ROLLOUT = "attention_rollout"


@dataclass(frozen=True, slots=True)
class TokenMethodSpec:
    """One method: its title, a sentence on what it shows, whether it has a sign, and a version at stages."""

    title: str
    sentence: str
    is_signed: bool
    at_stage: bool = True


TOKEN_METHODS: dict[TokenMethod, TokenMethodSpec] = {
    TokenMethod.INTEGRATED_GRADIENTS: TokenMethodSpec(
        "Integrated Gradients", "How much each token adds on the way from masked words to the sentence.", True
    ),
    TokenMethod.OCCLUSION: TokenMethodSpec(
        "Occlusion of words", "How far the score falls when a word is masked.", True, at_stage=False
    ),
    TokenMethod.INPUT_X_GRADIENT: TokenMethodSpec(
        "Input x Gradient", "Each token's vector times the score's gradient: a first guess at its share.", True
    ),
    TokenMethod.SALIENCY: TokenMethodSpec(
        "Saliency", "How strongly the score would change if a token's vector changed a little.", False
    ),
    TokenMethod.ATTENTION_ROLLOUT: TokenMethodSpec(
        "Attention rollout", "Which tokens could be looked at, block by block; it explains no answer.", False
    ),
}

"""What networks read: the one name by which all rooms agree on a modality."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Medium(StrEnum):
    """What a network takes and a target is made of; docs/modalities.md says what each has to provide."""

    PICTURES = "pictures"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class Words:
    """How a person reads of a medium: one item and several, and what to give as the other half of a pair.

    ``network`` and ``target`` say which networks take it and what targets of it are.
    """

    one: str
    several: str
    network: str
    target: str


WORDS: dict[Medium, Words] = {
    Medium.PICTURES: Words(
        "picture", "pictures", "a network for pictures, such as squeezenet1_1", "pictures, such as photos"
    ),
    Medium.TEXTS: Words("text", "texts", "a text encoder, such as all-MiniLM-L6-v2", "texts, such as reviews"),
}


_CALLED = re.compile(r"\b(image|picture|photograph)(s?)\b", re.IGNORECASE)


def retold(sentence: str, medium: Medium) -> str:
    """Return a sentence about pictures as one about items of another medium: "These images" becomes "These texts"."""
    if medium is Medium.PICTURES:
        return sentence
    words = WORDS[medium]

    def other(found: re.Match[str]) -> str:
        word = words.several if found[2] else words.one
        return word.capitalize() if found[1][0].isupper() else word

    return _CALLED.sub(other, sentence)


def need_alike(model: str, network: Medium, data: str, target: Medium) -> str:
    """Return the sentence that says why a network and a target do not go together; '' where they do."""
    if network is target:
        return ""
    return (
        f"{model} takes {WORDS[network].several} and {data} is made of {WORDS[target].several}; choose "
        f"{WORDS[target].network}, or a target of {WORDS[network].target}."
    )

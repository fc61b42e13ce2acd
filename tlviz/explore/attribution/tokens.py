"""Which tokens of a sentence an answer rests on: one signed value a token, at the embeddings or at a stage's end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tlviz import vision
from tlviz.data.texts.source import TextForm
from tlviz.errors import TlvizError
from tlviz.explore.attribution.context import (
    ClassScore,
    Progress,
    Ticker,
    choose_target,
    completeness_gap,
    enough_memory,
    prepared,
)
from tlviz.explore.attribution.rollout import rolled
from tlviz.explore.attribution.token_methods import TOKEN_METHODS, TokenMethod
from tlviz.explore.sentence import Sentence, read_sentence, watched_attention
from tlviz.models.load import Network
from tlviz.models.spec import Stage, find_stage
from tlviz.models.texts.encoder import first_of

Values = NDArray[np.float32]
STEPS = 32
"""Points between the empty sentence and the sentence at which Integrated Gradients asks for a gradient."""
AT_ONCE = 16
NO_CLASSES = (
    "This encoder has no classes of its own, so there is no answer to explain; fine-tune it and choose the run."
)


@dataclass(frozen=True, slots=True)
class TokenAttribution:
    """One value a token: above zero speaks for the class, below against it, where the method is signed.

    ``values``: float32 (L,), one for each of ``sentence.tokens``, special ones included.  ``stage``: at whose end it
    was looked.  ``score``: the class's logit, less that of ``contrast``.  ``gap``: how far the sum of the values misses
    the difference that Integrated Gradients promises, as a share of it, None for other methods.  ``note``: a remark.
    """

    method: TokenMethod
    stage: str
    target: int
    contrast: int | None
    sentence: Sentence
    values: Values
    score: float
    probabilities: Values
    gap: float | None
    note: str


def attribute_tokens(
    network: Network,
    text: str,
    form: TextForm,
    method: TokenMethod,
    *,
    target: int | None = None,
    contrast: int | None = None,
    stage: str | None = None,
    progress: Progress | None = None,
) -> TokenAttribution:
    """Explain an encoder's answer to a text for a class (None: its best guess), at a stage's end (None: embeddings).

    Raises ``TlvizError`` for an encoder without classes, an empty text, or a method that does not work at a stage;
    ``BadSettingError`` for a class and ``UnknownNameError`` for a stage that is not there.
    """
    if not network.classes:
        raise TlvizError(NO_CLASSES)
    place = find_stage(network.stages[:-1], stage) if stage else network.stages[0]
    if method is TokenMethod.OCCLUSION and place is not network.stages[0]:
        raise TlvizError("Occlusion takes words out of the sentence and has no version for a stage; leave stage out.")
    sentence = read_sentence(text, form)
    with prepared(network), enough_memory():
        tokens = torch.from_numpy(sentence.numbers[None].astype(np.int64)).to(next(network.module.parameters()).device)
        with torch.no_grad():
            logits = network.module(tokens)
        chosen = choose_target(network, logits, target, contrast)
        score = ClassScore(network.module, chosen, contrast, Ticker(progress))
        value = float(score.pick(logits))
        found, gap, note = _METHODS[method](network, score, tokens, sentence, place)
    values = found.detach().float().cpu().numpy()
    if not np.isfinite(values).all():
        raise TlvizError("The values are not finite; choose another method or another class.")
    shares = torch.softmax(logits[0].float(), 0).cpu().numpy()
    return TokenAttribution(method, place.name, chosen, contrast, sentence, values, value, shares, gap, note)


Found = tuple[Tensor, float | None, str]


@contextmanager
def _as_leaf(layer: nn.Module, kept: list[Tensor]) -> Iterator[None]:
    """Let a layer give its hidden states as a new leaf, which is kept."""

    def replace(_layer: nn.Module, _inputs: object, output: Any) -> Any:
        leaf = first_of(output).detach().requires_grad_()
        kept.append(leaf)
        return leaf if isinstance(output, Tensor) else (leaf, *output[1:])

    handle = layer.register_forward_hook(replace)
    try:
        yield
    finally:
        handle.remove()


def _gradient(network: Network, score: ClassScore, tokens: Tensor, place: Stage) -> tuple[Tensor, Tensor]:
    """Return the hidden states (L, D) at a stage's end and the gradient of the score there."""
    kept: list[Tensor] = []
    score.ticker.plan(1)
    with _as_leaf(network.module.get_submodule(place.modules[-1]), kept):
        value = score(tokens).sum()
    (gradient,) = torch.autograd.grad(value, kept[0])
    return kept[0].detach()[0], gradient[0]


def _saliency(network: Network, score: ClassScore, tokens: Tensor, _sentence: Sentence, place: Stage) -> Found:
    _, gradient = _gradient(network, score, tokens, place)
    return gradient.norm(dim=-1), None, "Saliency says how much a token matters, not which way."


def _input_x_gradient(network: Network, score: ClassScore, tokens: Tensor, _sentence: Sentence, place: Stage) -> Found:
    hidden, gradient = _gradient(network, score, tokens, place)
    return (hidden * gradient).sum(-1), None, ""


def _integrated(network: Network, score: ClassScore, tokens: Tensor, sentence: Sentence, place: Stage) -> Found:
    """Integrated Gradients (Sundararajan et al. 2017) by Captum's form for a layer, from words that are masked."""
    layer = network.module.get_submodule(place.modules[-1])
    blank = torch.from_numpy(sentence.without(range(sentence.words))[None].astype(np.int64)).to(tokens.device)
    score.ticker.plan(STEPS)
    method = vision.captum().LayerIntegratedGradients(score, layer)
    found = method.attribute(tokens, baselines=blank, n_steps=STEPS, internal_batch_size=AT_ONCE)
    values = first_of(found)[0].sum(-1)
    with torch.no_grad():
        difference = float(score(tokens) - score(blank))
    gap = completeness_gap(float(values.sum()), difference)
    return values, gap, f"Compared with the sentence whose words are all {sentence.blank_word}."


def _occlusion(_network: Network, score: ClassScore, tokens: Tensor, sentence: Sentence, _place: Stage) -> Found:
    """Return how far the score falls when a word is masked, shared evenly among its tokens."""
    score.ticker.plan(sentence.words + 1)
    rows = [sentence.numbers, *(sentence.without([word]) for word in range(sentence.words))]
    scores = _scores(score, rows, tokens.device)
    values = torch.zeros(len(sentence.tokens))
    for word in range(sentence.words):
        own = np.flatnonzero(sentence.word_of == word)
        values[own] = float(scores[0] - scores[word + 1]) / len(own)
    return values, None, f"Each word in turn is replaced by {sentence.blank_word}; its tokens share what that costs."


def _rollout(network: Network, score: ClassScore, tokens: Tensor, _sentence: Sentence, place: Stage) -> Found:
    """Return the attention rollout (Abnar & Zuidema 2020) up to a stage: the mean of its rows, as the head pools."""
    names = [stage.name for stage in network.stages]
    until = len(names) if place is network.stages[0] else names.index(place.name) + 1
    score.ticker.plan(1)
    with watched_attention(network) as kept, torch.no_grad():
        score(tokens)
    read = [layer[0].float() for name in names[:until] for layer in kept.get(name, [])]
    if not read:
        raise TlvizError("This encoder does not show its attention, so it cannot be rolled out; choose Occlusion.")
    total = rolled(read)
    row = total.mean(0) if getattr(network.module, "pools", "") else total[0]
    return row, None, "Attention rollout is the same for every class: it says where was looked, and explains no answer."


def _scores(score: ClassScore, rows: list[NDArray[np.int32]], device: torch.device) -> Tensor:
    """Return the scores of sentences of one length, some at a time."""
    found = []
    with torch.no_grad():
        for at in range(0, len(rows), AT_ONCE):
            batch = torch.from_numpy(np.stack(rows[at : at + AT_ONCE]).astype(np.int64)).to(device)
            found.append(score(batch))
    return torch.cat(found)


_METHODS: dict[TokenMethod, Callable[[Network, ClassScore, Tensor, Sentence, Stage], Found]] = {
    TokenMethod.SALIENCY: _saliency,
    TokenMethod.INPUT_X_GRADIENT: _input_x_gradient,
    TokenMethod.INTEGRATED_GRADIENTS: _integrated,
    TokenMethod.OCCLUSION: _occlusion,
    TokenMethod.ATTENTION_ROLLOUT: _rollout,
}


def in_words(found: TokenAttribution, classes: tuple[str, ...]) -> str:
    """Say what was answered and which tokens speak most for it and against it."""
    spec, tokens = TOKEN_METHODS[found.method], found.sentence.tokens
    best = int(found.probabilities.argmax())
    words = f"The answer is {classes[best]} ({found.probabilities[best]:.0%})"
    order = [int(at) for at in np.argsort(-found.values) if found.sentence.word_of[at] >= 0]
    most = [tokens[at] for at in order if found.values[at] > 0][:3]
    if not spec.is_signed:
        return f"{words}; most weight lies on {', '.join(most) or 'no token'}."
    least = [tokens[at] for at in reversed(order) if found.values[at] < 0][:3]
    asked = classes[found.target]
    return f"{words}; for {asked} speak {', '.join(most) or 'no tokens'}, against it {', '.join(least) or 'none'}."

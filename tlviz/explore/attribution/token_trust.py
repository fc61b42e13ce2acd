"""Whether values of tokens can be believed: deletion of the top tokens, and a network that forgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tlviz.data.texts.source import TextForm
from tlviz.explore.attribution.context import prepared
from tlviz.explore.attribution.randomise import Randomised, copied, randomise_stage
from tlviz.explore.attribution.tokens import TokenAttribution, attribute_tokens
from tlviz.measures.faithfulness import rank_correlation
from tlviz.models.load import Network

ORDERS = 10
"""Random orders of words that the deletion is held against."""
_AT_ONCE = 16
_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class TokenTrust:
    """What two checks say.

    ``deletion`` (W + 1,): the class's probability with 0, 1, ... of the words masked, the ones with the highest values
    first; ``chance`` (W + 1,) the mean over ``ORDERS`` random orders, and ``chance_area`` (ORDERS,) their means.
    ``randomised``: how alike the values stay, by rank, while the network forgets stage after stage from the head.
    """

    deletion: NDArray[np.float64]
    chance: NDArray[np.float64]
    chance_area: NDArray[np.float64]
    randomised: tuple[Randomised, ...]

    @property
    def summary(self) -> str:
        """Say in two sentences whether the values passed."""
        own, better = float(self.deletion.mean()), int((self.chance_area <= self.deletion.mean()).sum())
        words = (
            f"With the top words masked first, the class's probability is {own:.2f} on average on the way to none, "
            f"with words in random order {self.chance_area.mean():.2f}; "
        )
        words += (
            "the values name words that matter."
            if better == 0
            else f"{better} of {len(self.chance_area)} random orders do as well, so the values do not stand out."
        )
        last = self.randomised[-1].correlation
        forgets = "so they depend on what it learnt." if last < _ALIKE else "so they hardly depend on what it learnt."
        return f"{words} In a network that has forgotten all, the values' ranks agree by {last:.2f}, {forgets}"


def check_token_trust(
    network: Network,
    text: str,
    form: TextForm,
    found: TokenAttribution,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> TokenTrust:
    """Delete the words with the highest values first (Samek et al. 2017), and randomise (Adebayo et al. 2018).

    ``progress`` gets steps done and in all and may raise to cancel.  Raises as ``attribute_tokens``.
    """
    sentence = found.sentence
    steps = ORDERS + 1 + len(network.stages)
    tell = progress or (lambda _done, _total: None)
    per_word = np.array([found.values[sentence.word_of == word].sum() for word in range(sentence.words)])
    chance = np.random.default_rng(seed)
    orders = [np.argsort(-per_word, kind="stable"), *(chance.permutation(sentence.words) for _ in range(ORDERS))]
    curves = []
    with prepared(network):
        for at, order in enumerate(orders):
            tell(at, steps)
            rows = [sentence.without(order[:count]) for count in range(sentence.words + 1)]
            curves.append(_probabilities(network, rows, found.target))
    copy, generator = copied(network), torch.Generator().manual_seed(seed)
    randomised = []
    for at, stage in enumerate(reversed(copy.stages)):
        tell(len(orders) + at, steps)
        randomise_stage(copy.module, stage, generator)
        asked = found.stage if found.stage != network.stages[0].name else None
        again = attribute_tokens(
            copy, text, form, found.method, target=found.target, contrast=found.contrast, stage=asked
        )
        randomised.append(Randomised(stage.name, rank_correlation(found.values, again.values)))
    drawn = np.array(curves[1:])
    return TokenTrust(curves[0], drawn.mean(0), drawn.mean(1), tuple(randomised))


def _probabilities(network: Network, rows: list[NDArray[np.int32]], target: int) -> NDArray[np.float64]:
    device = next(network.module.parameters()).device
    found = []
    with torch.no_grad():
        for at in range(0, len(rows), _AT_ONCE):
            batch = torch.from_numpy(np.stack(rows[at : at + _AT_ONCE]).astype(np.int64)).to(device)
            found.append(torch.softmax(network.module(batch).float(), -1)[:, target].cpu().numpy())
    return np.concatenate(found).astype(np.float64)

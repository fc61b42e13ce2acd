"""A sentence inside an encoder: its tokens as the network gets them, how their vectors relate, and its attention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tlviz.data.texts.source import TextForm, encode, load_tokenizer, plain_text
from tlviz.errors import TlvizError
from tlviz.models.hooks import kept_modes
from tlviz.models.load import Network
from tlviz.models.stages import owns
from tlviz.models.texts.encoder import first_of

_BLANKS = ("[MASK]", "<mask>", "[UNK]", "<unk>")
"""What stands for a word that is taken out: the first of these that the tokenizer has, else what fills up."""
_SQUARE = 4


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text as an encoder gets it.

    ``numbers`` int32 (L,) are its ``tokens``; ``word_of`` (L,) says of which of the ``words`` each is a part, -1 for
    special ones.  ``whole`` is how many tokens there were before the limit cut them; ``blank`` stands for a word that
    is taken out.
    """

    numbers: NDArray[np.int32]
    tokens: tuple[str, ...]
    word_of: NDArray[np.int64]
    words: int
    whole: int
    blank: int
    blank_word: str

    def without(self, words: Iterable[int]) -> NDArray[np.int32]:
        """Return the numbers with some words taken out."""
        return np.where(np.isin(self.word_of, list(words)), np.int32(self.blank), self.numbers).astype(np.int32)


def read_sentence(text: str, form: TextForm) -> Sentence:
    """Return a text as the network gets it.  Raises ``TlvizError`` for a text without a token."""
    tokenizer = load_tokenizer(form.tokenizer)
    rows, whole = encode([text], form)
    numbers = np.asarray(rows[0], np.int32)
    special = tokenizer.num_special_tokens_to_add(False)
    found = tokenizer.encode(plain_text(text), add_special_tokens=False)
    found.truncate(max(1, form.size - special))
    found = tokenizer.post_process(found)
    words = [-1 if word is None else word for word in found.word_ids]
    known = {word: at for at, word in enumerate(dict.fromkeys(word for word in words if word >= 0))}
    if not known:
        raise TlvizError("There is no word in this text; write a sentence.")
    blank, blank_word = next(
        ((number, sign) for sign in _BLANKS if (number := tokenizer.token_to_id(sign)) is not None),
        (form.pad, str(tokenizer.id_to_token(form.pad))),
    )
    return Sentence(
        numbers=numbers,
        tokens=tuple(str(tokenizer.id_to_token(int(number))) for number in numbers),
        word_of=np.array([known.get(word, -1) for word in words], np.int64),
        words=len(known),
        whole=whole[0],
        blank=blank,
        blank_word=blank_word,
    )


@dataclass(frozen=True, slots=True)
class InsideSentence:
    """What an encoder makes of a sentence, by stage of its backbone.

    ``similarity`` (L, L): cosine of the tokens' vectors at the stage's end, less the mean vector of the sentence.
    ``attention`` (heads, L, L): which token (row) looks at which (column), in the stage's last block; ``entropy``
    (heads,): its mean entropy in bits, 0 where every token looks at one only, log2(L) where at all alike.
    """

    sentence: Sentence
    similarity: Mapping[str, NDArray[np.float32]]
    attention: Mapping[str, NDArray[np.float32]]
    entropy: Mapping[str, NDArray[np.float32]]


def look_at_sentence(network: Network, text: str, form: TextForm) -> InsideSentence:
    """Run a text once and return how its tokens relate at every stage.  Raises ``TlvizError`` for an empty text."""
    sentence = read_sentence(text, form)
    device = next(network.module.parameters()).device
    tokens = torch.from_numpy(sentence.numbers[None].astype(np.int64)).to(device)
    hidden: dict[str, Tensor] = {}
    with network.lock, kept_modes(network.module), torch.no_grad(), ExitStack() as stack:
        network.module.eval()
        for stage in network.stages[:-1]:

            def keep(_layer: nn.Module, _inputs: object, output: Any, name: str = stage.name) -> None:
                hidden[name] = first_of(output)[0].float().cpu()

            stack.callback(network.module.get_submodule(stage.modules[-1]).register_forward_hook(keep).remove)
        with watched_attention(network) as kept:
            network.module(tokens)
    attention = {name: values[-1][0].float().cpu().numpy() for name, values in kept.items()}
    return InsideSentence(
        sentence,
        {name: _similarity(value) for name, value in hidden.items()},
        attention,
        {name: entropy_bits(value) for name, value in attention.items()},
    )


@contextmanager
def watched_attention(network: Network) -> Iterator[dict[str, list[Tensor]]]:
    """Collect the attention (N, heads, L, L) of every layer that shows it, in order, by stage.

    The library shows it in its plain form only, which is gone back from afterwards.
    """
    module: Any = network.module
    before = module.config._attn_implementation
    kept: dict[str, list[Tensor]] = {}

    def keeper(name: str) -> Any:
        def keep(_layer: nn.Module, _inputs: object, output: Any) -> None:
            found = output[1] if isinstance(output, tuple) and len(output) > 1 else None
            if isinstance(found, Tensor) and found.ndim == _SQUARE and found.shape[-1] == found.shape[-2]:
                own = kept.setdefault(name, [])
                if not any(found.data_ptr() == other.data_ptr() for other in own):  # a layer and its part give the same
                    own.append(found.detach())

        return keep

    with ExitStack() as stack:
        module.set_attn_implementation("eager")
        stack.callback(module.set_attn_implementation, before)
        for path, layer in module.named_modules():
            name = next((stage.name for stage in network.stages[:-1] if owns(stage, f"{path}.")), None)
            if name is not None:
                stack.callback(layer.register_forward_hook(keeper(name)).remove)
        yield kept


def entropy_bits(attention: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean entropy in bits (heads,) of attentions (heads, L, L) whose rows add up to 1."""
    shares = np.clip(attention.astype(np.float64), 1e-12, 1)
    entropy: NDArray[np.float32] = (-(shares * np.log2(shares)).sum(-1)).mean(-1).astype(np.float32)
    return entropy


def _similarity(hidden: Tensor) -> NDArray[np.float32]:
    centred = nn.functional.normalize(hidden - hidden.mean(0), dim=-1)
    found: NDArray[np.float32] = (centred @ centred.T).numpy()
    return found

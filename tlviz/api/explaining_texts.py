"""Texts explained in Python: which tokens an answer rests on, and what an encoder makes of a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from tlviz.api.bars import counting
from tlviz.api.networks import Source, load_network
from tlviz.api.result import Result
from tlviz.api.subjects import load_run
from tlviz.errors import BadSettingError, UnknownNameError
from tlviz.explore.attribution.token_methods import TOKEN_METHODS, TokenMethod
from tlviz.medium import Medium
from tlviz.modality import form_of

if TYPE_CHECKING:
    import pandas as pd

    from tlviz.data.texts.source import TextForm
    from tlviz.explore.attribution.token_trust import TokenTrust
    from tlviz.explore.attribution.tokens import TokenAttribution
    from tlviz.explore.sentence import InsideSentence
    from tlviz.figures.theme import Figure
    from tlviz.models.load import Network


@dataclass(frozen=True, repr=False)
class ExplainedText(Result):
    """Which tokens of a text an answer rests on: one value a token in ``attribution.values``."""

    network: Network
    text: str
    form: TextForm
    attribution: TokenAttribution

    @property
    def answer(self) -> str:
        """The class that is explained."""
        return self.network.classes[self.attribution.target]

    @property
    def summary(self) -> str:
        """Say what was answered and which tokens speak for it and against it."""
        from tlviz.explore.attribution.tokens import in_words

        title = TOKEN_METHODS[self.attribution.method].title
        return f"{title}: {in_words(self.attribution, self.network.classes)}"

    def table(self) -> pd.DataFrame:
        """Return one row a token with its value."""
        import pandas as pd

        found = self.attribution
        return pd.DataFrame({"token": found.sentence.tokens, "value": found.values})

    def figure(self) -> Figure:
        """Draw the values as bars, token by token."""
        from tlviz.figures.tokens import plot_token_values

        signed = TOKEN_METHODS[self.attribution.method].is_signed
        return plot_token_values(self.attribution.sentence.tokens, self.attribution.values, self.summary, signed=signed)

    def trust(self, *, seed: int = 0, progress: bool = True) -> TokenTrust:
        """Check whether the values can be believed: deletion of the top tokens, and a network that forgets."""
        from tlviz.explore.attribution.token_trust import check_token_trust

        with counting("Checking", progress) as told:
            return check_token_trust(self.network, self.text, self.form, self.attribution, seed=seed, progress=told)


def attribute_text(
    model: Source,
    text: str,
    *,
    run: str | None = None,
    method: str = TokenMethod.INTEGRATED_GRADIENTS,
    class_name: str | int | None = None,
    rather_than: str | int | None = None,
    stage: str | None = None,
    progress: bool = True,
) -> ExplainedText:
    """Explain an encoder's answer to a text: which tokens speak for a class, at the embeddings or a stage's end.

    ``run`` looks at a run's weights; an encoder that has no classes of its own needs one.  Classes are given by name
    or number.  Raises ``TlvizError`` where the network takes no texts or has no classes, and for an empty text.

    >>> run = tlviz.finetune("all-MiniLM-L6-v2", "reviews", "head_only", epochs=1)
    >>> why = tlviz.attribute_text("all-MiniLM-L6-v2", "A great film.", run=run.name)
    >>> why.table()
    """
    from tlviz.explore.attribution.tokens import attribute_tokens

    try:
        chosen = TokenMethod(method)
    except ValueError:
        raise UnknownNameError("method", method, TokenMethod) from None
    network, form = _encoder(model, run)
    target, contrast = (_class(network.classes, name) for name in (class_name, rather_than))
    with counting(TOKEN_METHODS[chosen].title, progress) as told:
        found = attribute_tokens(
            network, text, form, chosen, target=target, contrast=contrast, stage=stage, progress=told
        )
    return ExplainedText(network, text, form, found)


@dataclass(frozen=True, repr=False)
class SeenText(Result):
    """What an encoder makes of a text: ``inside`` has its tokens, their similarity and its attention by stage."""

    inside: InsideSentence

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens as the network gets them."""
        return self.inside.sentence.tokens

    @property
    def summary(self) -> str:
        """Say how many tokens there are, and how many heads show what they attend to."""
        heads = sum(map(len, self.inside.entropy.values()))
        return f"{len(self.tokens):,} tokens at {len(self.inside.similarity)} stages; {heads} attention heads."

    def table(self) -> pd.DataFrame:
        """Return one row a head: its stage, number, and the mean entropy of its attention in bits."""
        import pandas as pd

        rows = [(name, at, float(bits)) for name, found in self.inside.entropy.items() for at, bits in enumerate(found)]
        return pd.DataFrame(rows, columns=["stage", "head", "entropy in bits"])

    def figure(self, stage: str | None = None, head: int | None = None) -> Figure:
        """Draw how alike the tokens' vectors are at a stage's end (None: the last), or what a head attends to."""
        from tlviz.figures.tokens import plot_token_square

        found = self.inside.similarity if head is None else self.inside.attention
        name = stage or list(found)[-1]
        if name not in found:
            raise UnknownNameError("stage", name, found)
        if head is None:
            title = f"How alike the tokens are at {name}"
            return plot_token_square(self.tokens, found[name], title, signed=True, across="token", down="token")
        if not 0 <= head < len(found[name]):
            raise BadSettingError(f"{name} has the heads 0 to {len(found[name]) - 1}; there is no head {head}.")
        title = f"What head {head} of {name} attends to"
        return plot_token_square(
            self.tokens, found[name][head], title, signed=False, across="attends to", down="this token"
        )


def look_at_text(model: Source, text: str, *, run: str | None = None) -> SeenText:
    """Show an encoder a text: its tokens, how alike their vectors are at every stage, and what attends to what.

    Raises as ``attribute_text``.

    >>> seen = tlviz.look_at_text("all-MiniLM-L6-v2", "A great film.")
    >>> seen.tokens
    ('[CLS]', 'a', 'great', 'film', '.', '[SEP]')
    """
    from tlviz.explore.sentence import look_at_sentence

    network, form = _encoder(model, run)
    return SeenText(look_at_sentence(network, text, form))


def _encoder(model: Source, run: str | None) -> tuple[Network, TextForm]:
    network = (load_run(run) if run else load_network(model)).network
    if network.spec.medium is not Medium.TEXTS:
        raise BadSettingError(
            f"{network.spec.title} takes {network.spec.medium}; use tlviz.attribute and tlviz.feature_maps for it."
        )
    return network, cast("TextForm", form_of(network.spec))


def _class(classes: tuple[str, ...], wanted: str | int | None) -> int | None:
    if wanted is None or isinstance(wanted, int):
        return wanted
    if wanted not in classes:
        raise UnknownNameError("class of the network", wanted, classes)
    return classes.index(wanted)

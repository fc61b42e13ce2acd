"""One text of a target, and how texts become token numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Never

from tlviz.data.pixels.depth import AS_STORED, Depth
from tlviz.data.pixels.ingest import Source
from tlviz.data.texts.rows import TokenRows
from tlviz.errors import BadWeightsError, NotAPictureError
from tlviz.medium import Medium

_LONGEST = 200_000
"""Signs of a text that are looked at: more than any encoder's limit, and a tokenizer takes a second for a million."""
_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class TextSource(Source):
    """One text of a target; it cannot be opened as a picture."""

    text: str = ""


def text_source(name: str, text: str, path: Path | None = None) -> TextSource:
    """Return a text as a source, whose stamp changes with it."""
    stamp = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return TextSource(name, stamp, partial(_no_picture, name), path, text)


def _no_picture(name: str) -> Never:
    raise NotAPictureError(f"{name} is a text, not a picture.")


@dataclass(frozen=True, slots=True)
class TextForm:
    """How texts become token numbers: the folder of the tokenizer, the most tokens, and the number that fills up."""

    size: int
    tokenizer: str
    pad: int
    depth: Depth = AS_STORED

    @property
    def medium(self) -> Medium:
        """What is brought into this form."""
        return Medium.TEXTS

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {"size": self.size, "tokenizer": self.tokenizer, "pad": self.pad}


@lru_cache(maxsize=8)
def load_tokenizer(folder: str) -> Any:
    """Read a tokenizer from its folder; it is data alone.  Raises ``BadWeightsError`` where there is none."""
    path = Path(folder) / "tokenizer.json"
    if not path.is_file():
        raise BadWeightsError(
            f"The encoder in {folder} has no tokenizer.json; add the tokenizer that it was trained with, saved with "
            "transformers' save_pretrained."
        )
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise BadWeightsError(f"The tokenizer {path} cannot be read: {str(error)[:160]}.") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def encode(texts: Sequence[str], form: TextForm) -> tuple[TokenRows, list[int]]:
    """Return the token numbers of texts, and how many tokens each had before the limit cut it."""
    tokenizer = load_tokenizer(form.tokenizer)
    numbers: list[list[int]] = []
    whole: list[int] = []
    special = tokenizer.num_special_tokens_to_add(False)
    for at in range(0, len(texts), _AT_ONCE):
        batch = [plain_text(text) for text in texts[at : at + _AT_ONCE]]
        for found in tokenizer.encode_batch(batch, add_special_tokens=False):
            whole.append(len(found.ids) + special)
            found.truncate(max(1, form.size - special))
            ids = tokenizer.post_process(found).ids
            numbers.append(ids or [form.pad])
    return TokenRows.of(numbers, form.pad), whole


def tokens_of(text: str, form: TextForm) -> list[str]:
    """Return the tokens of one text as the network gets them, as they are written in its vocabulary."""
    tokenizer = load_tokenizer(form.tokenizer)
    rows, _ = encode([text], form)
    return [tokenizer.id_to_token(int(number)) for number in rows[0]]


def plain_text(text: str) -> str:
    """Return a text that a tokenizer can take: no halves of signs, not endless."""
    return text[:_LONGEST].encode("utf-8", "replace").decode("utf-8")

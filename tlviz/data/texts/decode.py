"""The texts of a target as token numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tlviz.data.pixels.problem import Problem
from tlviz.data.pixels.ranges import NOT_DEEP, Settled
from tlviz.data.texts.rows import TokenRows
from tlviz.data.texts.source import TextForm, TextSource, encode
from tlviz.errors import BadDatasetError

_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class DecodedTexts:
    """Token numbers of the texts that are not empty; ``kept`` (n,) are their positions."""

    pixels: TokenRows
    kept: list[int]
    problems: tuple[Problem, ...]
    settled: Settled = NOT_DEEP


def decode_texts(
    sources: Sequence[TextSource], form: TextForm, progress: Callable[[int, int], None] | None = None
) -> DecodedTexts:
    """Turn texts into token numbers; what is cut off at the limit is said.

    An exception that ``progress`` raises ends the work.  Raises ``BadDatasetError`` where there is none.
    """
    kept = [at for at, source in enumerate(sources) if source.text.strip()]
    if not kept:
        raise BadDatasetError(f"None of the {len(sources):,} texts has any content.")
    numbers: list[list[int]] = []
    cut = 0
    for at in range(0, len(kept), _CHUNK):
        rows, whole = encode([sources[row].text for row in kept[at : at + _CHUNK]], form)
        numbers += [rows[row].tolist() for row in range(len(rows))]
        cut += sum(length > form.size for length in whole)
        if progress:
            progress(min(at + _CHUNK, len(kept)), len(kept))
    problems = [Problem(sources[at].name, "empty", "left out") for at in range(len(sources)) if at not in set(kept)]
    if cut:
        many = "text has" if cut == 1 else "texts have"
        words = f"{cut:,} {many} more than {form.size} tokens; what follows is cut off"
        problems.append(Problem("the length limit", words, "kept; --image-size sets another limit"))
    return DecodedTexts(TokenRows.of(numbers, form.pad), kept, tuple(problems))

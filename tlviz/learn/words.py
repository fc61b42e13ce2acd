"""The words of the course: one definition each, shown on hover and collected in the glossary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tlviz.errors import BadLessonError, TlvizError, UnknownNameError, quoted
from tlviz.home import ASSETS
from tlviz.learn.class_folder import class_folder
from tlviz.learn.fields import Fields
from tlviz.learn.page_names import PAGES
from tlviz.learn.yaml_file import read_yaml

WORDS = ASSETS / "learn" / "words.yaml"
_WEB = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Paper:
    """A publication that a word leads to: author and year, its title, its address."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its one definition; ``also`` are other names of it, ``page`` is where it can be tried."""

    term: str
    also: tuple[str, ...]
    definition: str
    papers: tuple[Paper, ...]
    page: str
    is_own: bool = False


def all_words() -> tuple[dict[str, Word], tuple[str, ...]]:
    """Return the words by their term in lower case, in order, and a sentence where an instructor's cannot be used.

    Raises ``BadLessonError`` where the table that ships is damaged.
    """
    words = dict(_kept(WORDS, _stamp(WORDS)))
    troubles = list[str]()
    try:
        folder = class_folder()
        own = folder / "words.yaml" if folder else None
        if own and own.is_file():
            words |= _kept(own, _stamp(own), is_own=True)
    except TlvizError as error:
        troubles.append(str(error))
    return dict(sorted(words.items())), tuple(troubles)


def define(term: str, more: str = "") -> str:
    """Return a word's definition for the hover of a control, with what else the control says behind it.

    Raises ``UnknownNameError`` for a word that is not in the table.
    """
    word = find_word(term)
    said = f"**{word.term}**: {_small(word.definition)}"
    return f"{said}\n\n{more}" if more else said


def find_word(term: str) -> Word:
    """Return a word by its term or one of its other names.  Raises ``UnknownNameError``."""
    words, _ = all_words()
    wanted = term.casefold()
    if wanted in words:
        return words[wanted]
    for word in words.values():
        if wanted in map(str.casefold, word.also):
            return word
    raise UnknownNameError("word", term, words)


def search_words(query: str) -> list[Word]:
    """Return the words that have every part of a query in them, those that have it in their names first."""
    parts = query.casefold().split()
    words, _ = all_words()
    named = [w for w in words.values() if all(part in _names(w) for part in parts)]
    other = [w for w in words.values() if w not in named and all(part in _everything(w) for part in parts)]
    return [*named, *other]


def read_words(path: Path, *, is_own: bool = False) -> dict[str, Word]:
    """Read a table of words.  Raises ``BadLessonError`` with one sentence that says what to change."""
    words: dict[str, Word] = {}
    for term, values in read_yaml(path).items():
        word = _word(term, values, path.name, is_own=is_own)
        if term.casefold() in words:
            raise BadLessonError(f"{path.name} has the word {quoted(term)} twice; keep one of them.")
        words[term.casefold()] = word
    return words


def _word(term: str, values: object, where: str, *, is_own: bool) -> Word:
    given: object = {"definition": values} if isinstance(values, str) else values
    fields = Fields.of(given, f"the word {quoted(term)} in {where}")
    fields.only(("definition", "also", "papers", "page"))
    if not term.strip() or len(term) > 60:
        raise BadLessonError(f"The word {quoted(term)} in {where} must have 1 to 60 characters.")
    papers = tuple(_paper(part) for part in fields.parts("papers", "paper"))
    page = fields.one_of("page", PAGES, "learn")
    return Word(term.strip(), fields.texts("also"), fields.text("definition"), papers, page, is_own)


def _paper(fields: Fields) -> Paper:
    fields.only(("title", "url"))
    url = fields.text("url")
    if not url.startswith(_WEB) or any(sign in url for sign in " <>\"'()"):
        raise BadLessonError(f"'url' in {fields.where} is {quoted(url)}; write an address that begins with https://.")
    return Paper(fields.text("title"), url)


def _small(definition: str) -> str:
    """Return a definition as it stands behind a colon, the first letter small unless it begins an abbreviation."""
    return definition if definition[1:2].isupper() else definition[:1].lower() + definition[1:]


def _names(word: Word) -> str:
    return " ".join((word.term, *word.also)).casefold()


def _everything(word: Word) -> str:
    papers: Sequence[str] = [paper.title for paper in word.papers]
    return " ".join((_names(word), word.definition, *papers)).casefold()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError:
        return 0, 0
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=8)
def _kept(path: Path, stamp: tuple[int, int], *, is_own: bool = False) -> Mapping[str, Word]:
    """Return a table that is read again only where its file has changed."""
    del stamp
    return read_words(path, is_own=is_own)

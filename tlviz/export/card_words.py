"""Words of a model card that hold whatever a person called a class, a folder or a network."""

from __future__ import annotations

import re

_MARKS = re.compile(r"([\\`*_\[\]|~$])")
"""What Markdown may take for more than a letter; a backslash before it ends that."""


def one_line(words: str) -> str:
    """Return words on one line, without half letters and without letters that nobody sees."""
    whole = str(words).encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in whole).split())


def markdown(words: str) -> str:
    """Return words that a Markdown page shows as they are, in a table too."""
    shown = one_line(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\1", shown) or "(no name)"


def code(words: str) -> str:
    """Return words for between two backticks, in a table too."""
    return one_line(words).replace("`", "'").replace("|", "/")


def slug(words: str) -> str:
    """Return words as the hub's metadata names a data set: small letters, digits, hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", one_line(words).lower()).strip("-") or "folder"

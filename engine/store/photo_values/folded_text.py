"""Texts in the form in which they are compared; also functions of the database."""

from __future__ import annotations

import unicodedata


def folded(text: str | None) -> str:
    """The text in a form that ignores case, accents and the ways Unicode has to write one letter;
    empty for None.

    >>> folded("Été à Zürich")
    'ete a zurich'
    """
    if text is None:
        return ""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def folder_name(path: str) -> str:
    """The last part of an absolute path; empty for the root of a drive."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]

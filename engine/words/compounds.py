"""Splits compounds that are written in one word, as German and Dutch do."""

from __future__ import annotations

from collections.abc import Callable

from engine.query.vocabulary import Word, WordKind

_LEAST_PART = 3
_LEAST_WORD = 7
# Between the parts, besides the plurals and cases that are forms of the first part themselves.
_LINKS = ("", "s", "e", "n", "en")
_NOUNS = (WordKind.NOUN, WordKind.SCENE)


def split(word: str, known: Callable[[str], Word | None]) -> tuple[Word, Word] | None:
    """The two parts of a compound, the one that says what it is last; None if it is none.

    Args:
        known: returns the word that a part is, or None.
    """
    if len(word) < _LEAST_WORD or not word.isalpha():
        return None
    for at in range(_LEAST_PART, len(word) - _LEAST_PART + 1):
        last = known(word[at:])
        if last is not None and last.kind in _NOUNS:
            first = _first_part(word[:at], known)
            if first is not None:
                return first, last
    return None


def _first_part(text: str, known: Callable[[str], Word | None]) -> Word | None:
    """A noun or adjective, with a link after it, or without its last letter ("Schul-")."""
    spellings = [text.removesuffix(link) for link in _LINKS if text.endswith(link)]
    for spelling in [*spellings, text + "e"]:
        word = known(spelling) if len(spelling) >= _LEAST_PART else None
        if word is not None and word.kind is not WordKind.VERB:
            return word
    return None

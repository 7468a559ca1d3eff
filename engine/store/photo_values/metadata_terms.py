"""Words by which photos are looked up: those of keywords, captions and places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from engine.records import PhotoMetadata
from engine.store.photo_values.folded_text import folded

_WORDS = re.compile(r"[^\W_]+")
_MOST = 400
"""Terms of one kind of one photo; what is longer is no caption but a document."""


class TermKind(StrEnum):
    """What a term was taken from."""

    KEYWORD = "keyword"
    CAPTION = "caption"
    PLACE = "place"


def terms_of(metadata: PhotoMetadata) -> set[tuple[str, str]]:
    """Kind and term of everything by which a photo is found: each word, and of keywords and names
    of people the whole text too."""
    named = (*metadata.keywords, *metadata.people)
    whole = {phrase_of(name) for name in named}
    return {
        *_of(TermKind.KEYWORD, (*whole, *(w for name in named for w in words_of(name)))),
        *_of(TermKind.CAPTION, words_of(f"{metadata.title or ''} {metadata.caption or ''}")),
        *_of(TermKind.PLACE, words_of(metadata.place or "")),
    }


def words_of(text: str) -> list[str]:
    """The words of a text, in the form in which they are compared.

    >>> words_of("Grandma's café_2")
    ['grandma', 's', 'cafe', '2']
    """
    return _WORDS.findall(folded(text))


def phrase_of(text: str) -> str:
    """A text as its words with single spaces between them."""
    return " ".join(words_of(text))


def _of(kind: TermKind, terms: Iterable[str]) -> list[tuple[str, str]]:
    kept = [term for term in dict.fromkeys(terms) if term]
    return [(kind.value, term) for term in kept[:_MOST]]

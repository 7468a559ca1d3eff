"""What the parser asks of a vocabulary: is a word a thing, a scene, a quality, an action?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class WordKind(StrEnum):
    """Kind of a content word. ``SCENE``: a noun that names a place or situation ("beach")."""

    NOUN = "noun"
    ADJECTIVE = "adjective"
    VERB = "verb"
    SCENE = "scene"


@dataclass(frozen=True, slots=True)
class Word:
    """A word in English: its lemma, singular for nouns ("umbrella"), and kind."""

    english: str
    kind: WordKind


class Vocabulary(Protocol):
    """Content words of several languages. Methods may be called from any thread."""

    def look_up(self, words: Sequence[str], language: str) -> Word | None:
        """The word that 1 to 4 consecutive lower-case tokens are, in any inflection; or None."""
        ...

    def languages_of(self, word: str) -> frozenset[str]:
        """ISO 639-1 codes of the languages in which ``word`` (lower case) is a content word."""
        ...

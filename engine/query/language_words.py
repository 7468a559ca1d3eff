"""Function words of one language, read from ``languages/<code>.toml``.

Phrases are compared without case and accents, longest first.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.query.tokens import Token, tokens_of

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl")
"""ISO 639-1 codes in the order in which they win a tie."""
HEAD_FIRST = frozenset({"fr", "es", "it", "pt"})
"""Languages whose attributes mostly follow their noun ("chien rouge")."""

_FOLDER = Path(__file__).parent / "languages"


class PhraseTable:
    """Phrases with a value each."""

    def __init__(self, phrases: Iterable[tuple[str, Any]] = ()) -> None:
        self._values: dict[tuple[str, ...], dict[str, Any]] = {}
        self._longest: dict[str, int] = {}
        for phrase, value in phrases:
            self.add(phrase, value)

    def add(self, phrase: str, value: Any) -> None:
        """Adds a phrase; the first value that is given for it stays."""
        tokens = tokens_of(phrase)
        words = tuple(token.folded for token in tokens)
        if words:
            self._values.setdefault(words, {}).setdefault(_exact(tokens), value)
            self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))

    def match(self, tokens: Sequence[Token], at: int) -> tuple[int, Any]:
        """How many tokens from ``at`` on are a phrase, and its value; (0, None) if none is.

        Of phrases that differ in accents only, the one that is typed; else the first ("à", "a").
        """
        if at >= len(tokens):
            return 0, None
        for length in range(self._longest.get(tokens[at].folded, 0), 0, -1):
            key = tuple(token.folded for token in tokens[at : at + length])
            if len(key) == length and key in self._values:
                values = self._values[key]
                first = next(iter(values.values()))
                if len(values) == 1:
                    return length, first
                return length, values.get(_exact(tokens[at : at + length]), first)
        return 0, None

    def words(self) -> set[str]:
        """Every word of every phrase, folded."""
        return {word for key in self._values for word in key}

    def __len__(self) -> int:
        return len(self._values)


def _exact(tokens: Iterable[Token]) -> str:
    return " ".join(token.text.lower() for token in tokens)


class LanguageWords:
    """The tables of one language.

    Attributes:
        code: ISO 639-1.
        telling: folded words by which the language is recognised.
    """

    def __init__(self, code: str, sections: dict[str, dict[str, Any]]) -> None:
        self.code = code
        self._sections = sections
        self._tables: dict[tuple[str, str], PhraseTable] = {}
        self.telling = frozenset(
            word
            for name, section in sections.items()
            for key, value in section.items()
            for table in [
                self.table(name, key) if isinstance(value, str) else self.numbered(name, key)
            ]
            for word in table.words()
        )

    def texts(self, section: str, key: str) -> list[str]:
        """The phrases of one entry as they are written; empty if there is none."""
        value = self._sections.get(section, {}).get(key, "")
        return [phrase.strip() for phrase in str(value).split(",") if phrase.strip()]

    def keys(self, section: str) -> list[str]:
        """The names of a section's entries."""
        return list(self._sections.get(section, {}))

    def table(self, section: str, key: str) -> PhraseTable:
        """The phrases of one entry, each with the value True."""
        found = self._tables.get((section, key))
        if found is None:
            found = PhraseTable((phrase, True) for phrase in self.texts(section, key))
            self._tables[section, key] = found
        return found

    def section(self, name: str) -> PhraseTable:
        """The phrases of all entries of a section, each with its entry's name."""
        found = self._tables.get((name, "*"))
        if found is None:
            found = PhraseTable(
                (phrase, key) for key in self.keys(name) for phrase in self.texts(name, key)
            )
            self._tables[name, "*"] = found
        return found

    def numbered(self, section: str, key: str) -> PhraseTable:
        """The phrases of a list, each with its place in the list, from 1."""
        found = self._tables.get((section, key + "#"))
        if found is None:
            lists = self._sections.get(section, {}).get(key, [])
            found = PhraseTable(
                (phrase.strip(), number)
                for number, text in enumerate(lists, 1)
                for phrase in text.split(",")
            )
            self._tables[section, key + "#"] = found
        return found


@lru_cache(maxsize=len(LANGUAGES))
def words_of(language: str) -> LanguageWords:
    """The tables of a language of ``LANGUAGES``, read once."""
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return LanguageWords(language, tomllib.load(file))

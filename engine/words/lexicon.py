"""The content words of seven languages, as the parser of queries asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from engine.query.vocabulary import Word, WordKind
from engine.words.compounds import split
from engine.words.spelling_keys import folded, is_emoji, key_of, plain_emoji
from engine.words.word_table import ANY_LANGUAGE, FILE_NAME, Entry, Source, WordTable

NAMES_FILE = "wordnet_names.txt.gz"
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl")
"""ISO 639-1 codes of the languages known."""
COMPOUNDING = ("de", "nl")
"""Languages that write compounds in one word."""

_JOINER = "\u200d"
_PERSON, _MAN_OR_WOMAN = "🧑", "👨👩"
_PEOPLE = frozenset("👨👩🧑👦👧👶🧒")
# Endings of English plurals and what the singular has instead, tried in this order.
_ENDINGS = (
    *(("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("xes", "x"), ("zes", "z")),
    *(("ses", "s"), ("men", "man"), ("ves", "f"), ("s", "")),
)
# German without umlauts, as typed on other keyboards.
_UMLAUTS = (("ae", "ä"), ("oe", "ö"), ("ue", "ü"))


class Lexicon:
    """Implements ``Vocabulary`` from the shipped tables. Thread-safe.

    The tables are read at the first question, in about 0.05 s. Questions take microseconds and
    raise ``EngineError`` if a table is missing or damaged.
    """

    def __init__(self, tables: Sequence[WordTable]) -> None:
        """Create a lexicon that asks ``tables`` in this order."""
        self._tables = tuple(tables)
        self._entries_of = lru_cache(4096)(self._read_entries)
        self._compound_of = lru_cache(1024)(self._split_compound)

    @classmethod
    def load(cls, folder: Path) -> Lexicon:
        """The lexicon of a folder with the shipped tables; nothing is read yet."""
        return cls([WordTable(folder / FILE_NAME), WordTable(folder / NAMES_FILE)])

    @property
    def tables(self) -> tuple[WordTable, ...]:
        """The tables, the more reliable one first."""
        return self._tables

    def look_up(self, words: Sequence[str], language: str) -> Word | None:
        """The word that 1 to 4 consecutive tokens are in a language, in any inflection; or None.

        Letter case, missing or wrong accents, hyphens and apostrophes do not matter. A compound
        that is not listed is put together from its parts (German "Hundekorb": "dog basket"). An
        emoji means the same in every language.
        """
        key = key_of(" ".join(words))
        if is_emoji(key):
            return self._emoji(plain_emoji(key))
        entry = self.entry(key, language)
        if entry is not None:
            return entry.word
        if language in COMPOUNDING and len(words) == 1:
            return self._compound_of(key, language)
        return None

    def languages_of(self, word: str) -> frozenset[str]:
        """ISO 639-1 codes of the languages in which ``word`` is a content word.

        A rare meaning does not count beside an everyday one: "chat" is French, though English has a
        bird of that name. Nor does a word that only lacks accents ("bär" is not "bar"). An emoji
        belongs to no language.
        """
        key = key_of(word)
        if not key or is_emoji(key):
            return frozenset()
        found = self._entries_as_typed(key)
        if not found:
            found = {code: entry for code in LANGUAGES if (entry := self.entry(key, code))}
        if not found:
            return frozenset(c for c in COMPOUNDING if self._compound_of(key, c) is not None)
        if any(entry.source is Source.EVERYDAY for entry in found.values()):
            common = (Source.EVERYDAY, Source.FREQUENT)
            found = {code: entry for code, entry in found.items() if entry.source in common}
        return frozenset(found)

    def entry(self, key: str, language: str) -> Entry | None:
        """The entry of a spelling, whole or without accents; compounds are not split.

        Args:
            key: as ``spelling_keys.key_of`` returns it.
        """
        for spelling in _spellings(key, language):
            entry = self._exact_entry(spelling, language)
            if entry is not None:
                return entry
        return None

    def _entries_as_typed(self, key: str) -> dict[str, Entry]:
        found = {code: self._exact_entry(key, code) for code in LANGUAGES}
        return {code: entry for code, entry in found.items() if entry is not None and entry.exact}

    def _exact_entry(self, key: str, language: str) -> Entry | None:
        for table in range(len(self._tables)):
            for entry in self._entries_of(key, table):
                if entry.language == language:
                    return entry
        return None

    def _read_entries(self, key: str, table: int) -> list[Entry]:
        return self._tables[table].entries(key)

    def _emoji(self, sign: str) -> Word | None:
        person = sign[:1] in _MAN_OR_WOMAN and _PERSON + sign[1:]
        parts = sign.split(_JOINER)
        family = len(parts) > 1 and set(parts) <= _PEOPLE and "👪"
        for spelling in (sign, person, family, parts[-1], parts[0], sign[:1]):
            if spelling and (entry := self._exact_entry(spelling, ANY_LANGUAGE)):
                return entry.word
        return None

    def _split_compound(self, key: str, language: str) -> Word | None:
        def known(part: str) -> Word | None:
            entry = self.entry(part, language)
            return entry.word if entry is not None and entry.source <= Source.EMOJI_NAME else None

        parts = split(key, known)
        if parts is None:
            return None
        first, last = parts
        kind = WordKind.SCENE if last.kind is WordKind.SCENE else WordKind.NOUN
        return Word(f"{first.english} {last.english}", kind)


def _spellings(key: str, language: str) -> list[str]:
    """Spellings to look up, the one that was typed first."""
    found = [key, folded(key)]
    if language == "en":
        found += [
            key.removesuffix(ending) + instead
            for ending, instead in _ENDINGS
            if key.endswith(ending) and len(key) > len(ending) + 1
        ]
    elif language == "de":
        umlauts = key
        for pair, letter in _UMLAUTS:
            umlauts = umlauts.replace(pair, letter)
        found.append(umlauts)
    return list(dict.fromkeys(found))

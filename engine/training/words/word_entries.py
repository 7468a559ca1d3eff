"""Collects the entries of a table of words, keeps the best for each spelling, and writes them."""

from __future__ import annotations

import gzip
from collections import defaultdict
from typing import NamedTuple

from engine.query.vocabulary import Word, WordKind
from engine.words.spelling_keys import folded, key_of
from engine.words.word_table import FILE_HEAD, KIND_LETTERS, NO_KIND, WITHOUT_ACCENTS, Source

LEMMA, GIVEN_FORM, MADE_FORM, DIMINUTIVE = range(4)
_FOLDED = 4


class _Candidate(NamedTuple):
    """Ordered by how much it is to be trusted."""

    source: Source
    form: int
    order: int
    word: Word | None
    frequency: int


class WordEntries:
    """Entries by spelling and language. The more reliable source wins, then lemmas before forms,
    then what was added first."""

    def __init__(self) -> None:
        self._best: dict[str, dict[str, _Candidate]] = defaultdict(dict)
        self._order = 0

    def add(
        self,
        spelling: str,
        language: str,
        word: Word | None,
        source: Source,
        form: int = LEMMA,
        frequency: int = 0,
    ) -> None:
        """Add a spelling of a word, and the spelling without accents.

        Args:
            form: one of the constants above.
            frequency: 0 to 9.
        """
        key = key_of(spelling)
        if not key or any(sign in key for sign in "\t|"):
            return
        self._order += 1
        candidate = _Candidate(source, form, self._order, word, frequency)
        self._offer(key, language, candidate)
        if folded(key) != key:
            self._offer(folded(key), language, candidate._replace(form=form + _FOLDED))

    def _offer(self, key: str, language: str, candidate: _Candidate) -> None:
        known = self._best[key].get(language)
        if known is None or candidate[:3] < known[:3]:
            self._best[key][language] = candidate

    def __len__(self) -> int:
        return len(self._best)

    def serialised(self) -> bytes:
        """The gzipped file, in the format of ``engine.words.word_table``; deterministic."""
        lines = [
            f"{language} {' '.join(lemmas)}\n"
            for language, lemmas in self._everyday_lemmas().items()
        ]
        lines.append("\n")
        for key in sorted(self._best, key=str.encode):
            entries = [
                f"{language}{one.source.value}{_kind_frequency_and_english(one, key)}"
                for language, one in sorted(self._best[key].items())
            ]
            lines.append(f"{key}\t{'|'.join(entries)}\n")
        return gzip.compress(FILE_HEAD + "".join(lines).encode(), 9, mtime=0)

    def _everyday_lemmas(self) -> dict[str, list[str]]:
        """Language -> things and qualities of one word, sorted."""
        found: dict[str, list[str]] = defaultdict(list)
        for key in sorted(self._best):
            for language, one in sorted(self._best[key].items()):
                everyday = one.source is Source.EVERYDAY and one.form == LEMMA
                if everyday and one.word and one.word.kind is not WordKind.VERB and " " not in key:
                    found[language].append(key)
        return dict(sorted(found.items()))


def _kind_frequency_and_english(candidate: _Candidate, key: str) -> str:
    exact = candidate.form < _FOLDED
    frequency = str(candidate.frequency) if exact else WITHOUT_ACCENTS
    if candidate.word is None:
        return NO_KIND + frequency
    english = candidate.word.english
    return KIND_LETTERS[candidate.word.kind] + frequency + ("" if english == key else english)

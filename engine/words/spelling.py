"""What a misspelt word may mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from engine.query.vocabulary import WordKind
from engine.words.lexicon import Lexicon
from engine.words.spelling_keys import key_of
from engine.words.word_table import Source

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ACCENTED = {
    "en": "",
    "de": "äöüß",
    "fr": "àâçéèêëîïôûùœ",
    "es": "áéíóúñü",
    "it": "àèéìòù",
    "pt": "áâãàçéêíóôõú",
    "nl": "ëïöéè",
}
_SHORT = 4
"""Words of fewer letters are corrected to everyday words only."""
_LONG = 7
"""Words of so many letters may be two edits from an everyday word."""
_LONGEST = 30
# Costs of edits, in steps of a digit of frequency.
_SWAPPED, _DOUBLED, _MISSING, _EXTRA, _WRONG, _SOUND, _TWO = 0, 0, 2, 2, 4, 1, 8
_RARE = 12
_OFFERED = (WordKind.NOUN, WordKind.SCENE, WordKind.ADJECTIVE)


class Spelling:
    """Corrections of words from the spellings of a lexicon. Thread-safe."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._ranked = lru_cache(256)(self._rank)
        self._everyday_of = lru_cache(8)(self._read_everyday)

    def corrections(self, word: str, language: str = "en", most: int = 3) -> list[str]:
        """Known things and qualities that a word was probably meant to be, the likeliest first.

        They are one edit away: a letter missing, extra, wrong, or swapped with its neighbour. Long
        words may be two edits from an everyday word. A word that is known itself has none.

        Args:
            word: a single word; longer than 30 letters: no corrections.
        """
        key = key_of(word)
        if not 1 < len(key) <= _LONGEST or not key.isalpha():
            return []
        if self._lexicon.look_up([key], language) is not None:
            return []
        return list(self._ranked(key, language)[:most])

    def _rank(self, key: str, language: str) -> tuple[str, ...]:
        everyday, by_sound = self._everyday_of(language)
        edits = list(_one_edit(key, _LETTERS + _ACCENTED.get(language, "")))
        found = [(spelling, cost) for spelling, cost in edits if spelling in everyday]
        found += [(spelling, _SOUND) for spelling in by_sound.get(_sound(key), ())]
        if not found and len(key) >= _SHORT:
            found = list(dict(reversed(edits)).items())
        ranked = self._in_order(found, language)
        if not ranked and len(key) >= _LONG:
            near = (word for word in everyday if word[0] == key[0] and _two_edits_apart(key, word))
            ranked = self._in_order([(word, _TWO) for word in near], language)
        return ranked

    def _in_order(self, found: Iterable[tuple[str, int]], language: str) -> tuple[str, ...]:
        """The cheapest spelling of each word, cheapest first; spellings of no word are left out."""
        best: dict[str, tuple[int, int, str]] = {}
        for spelling, cost in found:
            for entry in self._lexicon.tables[0].entries(spelling):
                if entry.language == language and entry.exact and entry.word is not None:
                    if entry.word.kind not in _OFFERED:
                        continue
                    rare = _RARE if entry.source is Source.RARE else 0
                    # Of "umbrella" and "umbrellas", as near as each other, the shorter one.
                    candidate = (cost + rare - entry.frequency, len(spelling), spelling)
                    english = entry.word.english
                    best[english] = min(candidate, best.get(english, candidate))
        return tuple(spelling for _, _, spelling in sorted(best.values()))

    def _read_everyday(self, language: str) -> tuple[frozenset[str], dict[str, list[str]]]:
        """Everyday words, and those of four letters or more by how they sound."""
        words = self._lexicon.tables[0].everyday.get(language, frozenset())
        by_sound: dict[str, list[str]] = {}
        for word in sorted(words):
            if len(word) >= _SHORT:
                by_sound.setdefault(_sound(word), []).append(word)
        return words, by_sound


def _one_edit(word: str, letters: str) -> Iterator[tuple[str, int]]:
    """Spellings one edit away (Damerau 1964), with a penalty each."""
    for i in range(len(word)):
        doubled = i > 0 and word[i] == word[i - 1]
        yield word[:i] + word[i + 1 :], _DOUBLED if doubled else _EXTRA
        if i:
            yield word[: i - 1] + word[i] + word[i - 1] + word[i + 1 :], _SWAPPED
        for letter in letters:
            if letter != word[i]:
                yield word[:i] + letter + word[i + 1 :], _WRONG
    for i in range(len(word) + 1):
        for letter in letters:
            doubled = letter in (word[i - 1 : i], word[i : i + 1])
            yield word[:i] + letter + word[i:], _DOUBLED if doubled else _MISSING


_SAME_SOUND = (
    ("ph", "f"),
    ("ck", "k"),
    ("y", "i"),
    ("z", "s"),
    ("c", "k"),
    ("ie", "i"),
    ("ei", "i"),
)


def _sound(word: str) -> str:
    """A word without what is easily confused: "bycicle" and "bicycle" are the same."""
    for letters, instead in _SAME_SOUND:
        word = word.replace(letters, instead)
    return "".join(c for i, c in enumerate(word) if i == 0 or c != word[i - 1])


def _two_edits_apart(one: str, other: str) -> bool:
    """Whether two words are at most two edits apart (optimal string alignment)."""
    if abs(len(one) - len(other)) > 2:
        return False
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        following = [i]
        for j, b in enumerate(other, 1):
            cost = min(row[j] + 1, following[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            following.append(cost)
        if min(following) > 2:
            return False
        before, row = row, following
    return row[-1] <= 2

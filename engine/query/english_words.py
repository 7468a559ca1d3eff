"""English adjectives and verbs, from ``languages/english_words.toml``; plurals of nouns."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).parent / "languages" / "english_words.toml"
_VOWELS = "aeiou"
_IRREGULAR_PLURALS = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "mouse": "mice",
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
    "knife": "knives",
    "leaf": "leaves",
    "shelf": "shelves",
    "wolf": "wolves",
    "sheep": "sheep",
    "fish": "fish",
    "deer": "deer",
}


@dataclass(frozen=True, slots=True)
class VerbForm:
    """A form of a verb.

    Attributes:
        participle: may be an attribute: "flying", "parked".
        transitive: before a noun it takes it as object: "eating pizza".
    """

    lemma: str
    participle: bool
    transitive: bool


class EnglishWords:
    """Adjectives and verbs that queries often have."""

    def __init__(self, lists: dict[str, str]) -> None:
        self.adjectives = frozenset(lists["adjectives"].split())
        self.clothes = frozenset(lists["clothes"].split())
        self.also_nouns = frozenset(lists["also_nouns"].split())
        transitive = frozenset(lists["transitive"].split())
        self._forms: dict[str, VerbForm] = {}
        for lemma in lists["verbs"].split():
            takes_object = lemma in transitive
            for form in (lemma, _with_s(lemma)):
                self._forms[form] = VerbForm(lemma, False, False)
            for form in (_with_ending(lemma, "ing"), _with_ending(lemma, "ed")):
                takes = takes_object and form.endswith("ing")
                self._forms[form] = VerbForm(lemma, True, takes)
        for form in lists["irregular"].split():
            self._forms[form] = VerbForm(form, True, False)
        for word in lists["not_verbs"].split():
            self._forms.pop(word, None)

    def verb_form(self, word: str) -> VerbForm | None:
        """The verb that a lower-case word is a form of; None if it is none."""
        return self._forms.get(word)


@lru_cache(maxsize=1)
def english_words() -> EnglishWords:
    """The shipped lists, read once."""
    with _FILE.open("rb") as file:
        return EnglishWords(tomllib.load(file))


def _with_s(lemma: str) -> str:
    if lemma.endswith(("s", "sh", "ch", "x", "o")):
        return lemma + "es"
    if lemma.endswith("y") and lemma[-2] not in _VOWELS:
        return lemma[:-1] + "ies"
    return lemma + "s"


def _with_ending(lemma: str, ending: str) -> str:
    """ "sit" -> "sitting", "ride" -> "riding", "lie" -> "lying", "carry" -> "carried"."""
    if ending == "ing" and lemma.endswith("ie"):
        return lemma[:-2] + "ying"
    if lemma.endswith("e") and not lemma.endswith("ee"):
        return lemma[:-1] + ending
    if ending == "ed" and lemma.endswith("y") and lemma[-2] not in _VOWELS:
        return lemma[:-1] + "ied"
    short = sum(c in _VOWELS for c in lemma) == 1 and len(lemma) > 2
    closed = lemma[-1] not in _VOWELS + "wxy" and lemma[-2] in _VOWELS
    return lemma + (lemma[-1] if short and closed else "") + ending


def plural(name: str) -> str:
    """An English name in the plural: "red dog" -> "red dogs", "cup of tea" -> "cups of tea"."""
    head, of, rest = name.partition(" of ")
    before, space, last = head.rpartition(" ")
    if last in _IRREGULAR_PLURALS:
        last = _IRREGULAR_PLURALS[last]
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        last += "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return before + space + last + of + rest

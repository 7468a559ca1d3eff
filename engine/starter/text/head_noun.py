"""Finds the head noun of a query: that of "two red umbrellas on a beach" is "umbrellas"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

MOST_WORDS = 5
"""Words in the longest name looked for."""

_WORD = re.compile(r"[a-z0-9][a-z0-9'.-]*", re.I)
_DETERMINERS = frozenset(
    "a an the this that these those my your his her its our their some any all both each every "
    "no one two three four five six seven eight nine ten eleven twelve several many few "
    "another other".split()
)
# The words after one of these say where the thing is, or what it has or does.
_RELATIONS = frozenset(
    "on in at with without near next beside besides by under underneath below beneath over above "
    "behind before after from to for inside outside within around round between among amid against "
    "across along through into onto towards toward off out up down via like as and or but plus "
    "while during wearing holding carrying riding having showing containing that which who whose "
    "where when is are was were has have being not".split()
)
_SIDES = re.compile(r"\b(left|right|front|top|bottom|side|middle|edge|corner)\s+of\b", re.I)
# "a pair of shoes" asks for shoes; "a cup of tea" for a cup.
_AMOUNTS = frozenset(
    "pair pairs couple couples group groups bunch bunches lot lots piece pieces slice slices herd "
    "herds flock flocks pile piles stack stacks row rows set kind kinds type types sort sorts "
    "photo photos photograph photographs picture pictures image images shot close-up closeup view "
    "number part rest pack swarm litter team crowd crowds family gang dozen dozens hundreds "
    "thousands plenty variety assortment collection".split()
)


class HeadNoun(NamedTuple):
    """A known name.

    Attributes:
        lemma: in the singular.
        alone: the text has no other words but determiners and amounts.
    """

    lemma: str
    alone: bool


def head_noun(text: str, lemma_of: Callable[[str], str | None]) -> HeadNoun | None:
    """The longest known name that ends the first noun phrase of a text; None if none does.

    Args:
        lemma_of: the lemma of a name that is known in the singular or plural; None if it is not.
    """
    words = [w.rstrip(".'-") for w in _WORD.findall(_SIDES.sub(r"\1-of", text.lower()))]
    words = [w.removesuffix("'s") for w in words]
    content = [w for w in words if not (_is_determiner(w) or w == "of" or w in _AMOUNTS)]
    found = _name_in(_first_phrase(words), lemma_of)
    if found is None:
        return None
    lemma, length = found
    return HeadNoun(lemma, length >= len(content))


def _name_in(phrase: list[str], lemma_of: Callable[[str], str | None]) -> tuple[str, int] | None:
    """Lemma and number of words of the name that a noun phrase is about; None if none is known."""
    while "of" in phrase:
        with_of = _longest_ending(phrase, lemma_of, at_least=phrase.index("of") + 2)
        if with_of is not None:
            return with_of
        cut = phrase.index("of")
        if cut and phrase[cut - 1] not in _AMOUNTS:
            phrase = phrase[:cut]
        else:
            phrase = _first_phrase(phrase[cut + 1 :])
    while phrase:
        found = _longest_ending(phrase, lemma_of)
        # "dog running", "car parked": a participle may follow the noun.
        if found is not None or not phrase[-1].endswith(("ing", "ed")):
            return found
        phrase = phrase[:-1]
    return None


def _first_phrase(words: list[str]) -> list[str]:
    """The first noun phrase without its determiners."""
    start = 0
    while start < len(words) and (_is_determiner(words[start]) or words[start] in _RELATIONS):
        start += 1
    end = start
    while end < len(words) and words[end] not in _RELATIONS and not words[end].endswith("-of"):
        end += 1
    return words[start:end]


def _is_determiner(word: str) -> bool:
    return word in _DETERMINERS or word.isdigit()


def _longest_ending(
    phrase: list[str], lemma_of: Callable[[str], str | None], at_least: int = 1
) -> tuple[str, int] | None:
    """The longest known name at the end of a phrase: its lemma and number of words."""
    for length in range(min(len(phrase), MOST_WORDS), at_least - 1, -1):
        lemma = lemma_of(" ".join(phrase[-length:]))
        if lemma is not None:
            return lemma, length
    return None

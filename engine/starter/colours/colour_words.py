"""Which colours the words of a query ask of the thing, and the words left for its meaning."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from engine.starter.colours.colour_terms import BASES, LENT_BASES, name_kind
from engine.starter.colours.colour_vectors import COLOURS

MILDLY = 0.4
"""Weight of a colour that is also part of the name: a black bear in shade is still one."""
PARTLY = 0.5
"""Weight of a colour of what the thing has on it: a woman in a red hat is not red all over."""


class ColourQuery(NamedTuple):
    """A query taken apart.

    Attributes:
        rest: the words without those that only say a colour; empty if nothing else was said.
        weights: float32 (11,) in the order of ``COLOURS``. What is asked adds up to 1, or less if
            asked mildly; zeros if no colour is asked, below zero for a colour it shall not have.
    """

    rest: str
    weights: np.ndarray


_SHADES = frozenset(
    "dark darker light lighter bright brightly pale deep vivid pastel neon fluorescent rich soft "
    "dull faded medium intense solid mostly all very metallic matte plain pure predominantly "
    "partly partially entirely completely".split()
)
_COLOURED = frozenset("coloured colored colour color colours colors hued ish".split())
_UNASKED_PARTS = frozenset(
    "hair haired eye eyes eyed skin skinned beard moustache eyebrows lips".split()
)
_ANYTHING = frozenset(
    "thing things one ones something anything object objects item items stuff".split()
)

_FRUIT = frozenset(["orange", "violet"])
"""Alone, after "an" or in the plural these are things, before another noun they are colours."""
_NO_NOUN = frozenset(
    "and or with without on in into of at by near next beside besides left right above below under "
    "over behind between against from inside outside for to is are was were be being been has have "
    "having that which who while as cut sliced slices slice peeled halved half squeezed sitting "
    "lying hanging resting floating rolling growing being held eaten cutting peeling fruit fruits "
    "juice".split()
)
# Words after which another thing is spoken of, whose colour is not the thing's own, ...
_RELATIONS = frozenset(
    "near next beside besides left right above below under underneath beneath over behind between "
    "against inside outside around among across on at by from front holding carrying riding "
    "eating pulling pushing beyond before along into onto through towards atop watching chasing "
    "driving feeding using reading playing".split()
)
# ... and those after which it is something that belongs to it.
_PARTS = frozenset("with wearing in having has".split())
_IS = frozenset("is are was were looks appears painted dyed being".split())
_THAT = frozenset(["that", "which", "who"])
_ARTICLES = frozenset(["a", "an", "the", "some", "any"])
_NOT = frozenset(["not", "non", "isn't", "aren't", "without"])

_BETWEEN = frozenset(["and", "or", ",", "-", "/", "&", "+"])
_MARKS = frozenset(",.;:-()!?\"'")

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[^\w\s]|_")


def parse_colours(text: str) -> ColourQuery:
    """Take the colours out of a query, for instance ``red and white bus`` or ``the bus is red``.

    English only. A colour that is said of another thing than the first one stays in the words and
    is not asked ("umbrella left of a green bench"); one said of something on it is asked by half
    ("man in a red shirt"). Nothing is an error: words not understood are left for the meaning.

    >>> rest, weights = parse_colours("dark-red car")
    >>> rest, float(weights[COLOURS.index("red")])
    ('car', 1.0)
    """
    return _Parser(text).parsed()


class _Parser:
    """One query as tokens, and what has been found out about each of them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = [found.span() for found in _TOKEN.finditer(text)]
        self.words = [text[a:b].lower().replace("’", "'") for a, b in self.spans]
        self.kept = [True] * len(self.words)
        self.named = [False] * len(self.words)
        self.asked: list[tuple[np.ndarray, float]] = []

    def parsed(self) -> ColourQuery:
        self._mark_names()
        self._mark_parts()
        at, reach = 0, 1.0
        while at < len(self.words):
            group = self._group(at)
            if group is not None:
                end, bases = group
                self._ask(at, end, bases, reach)
                at = end
                continue
            if any(word not in _ARTICLES for word in self.words[:at]):
                reach = min(reach, _reach(self.words[at]))
            at += 1
        return ColourQuery(self._rest(), self._weights())

    def _word(self, at: int) -> str:
        return self.words[at] if 0 <= at < len(self.words) else ""

    def _mark_names(self) -> None:
        """Names in the tables are no colours; some of them ask one mildly."""
        plain = [at for at, word in enumerate(self.words) if word != "-"]
        for first in range(len(plain)):
            for length in (4, 3, 2):
                run = plain[first : first + length]
                kind = name_kind(" ".join(self.words[at] for at in run))
                if len(run) < length or not kind or any(self.named[at] for at in run):
                    continue
                for at in run:
                    self.named[at] = True
                    if kind == "coloured" and self.words[at] in BASES:
                        self.asked.append((BASES[self.words[at]], MILDLY))
                break

    def _mark_parts(self) -> None:
        """ "Red hair", "white-tailed": of a part that has no mask of its own."""
        for at, word in enumerate(self.words):
            after, hyphen = self._past_hyphen(at + 1), self._word(at + 1) == "-"
            following = self._word(after)
            compound = hyphen and following.endswith("ed") and following not in _COLOURED
            if word in BASES and (
                following in _UNASKED_PARTS or (compound and following not in BASES)
            ):
                self.named[at] = True

    def _group(self, start: int) -> tuple[int, list[np.ndarray]] | None:
        """Colours that are said in one breath from ``start`` on: end and bases, or None."""
        bases: list[np.ndarray] = []
        at = end = start
        while (one := self._one(at)) is not None:
            at = end = one[0]
            bases.append(one[1])
            while self._word(at) in _BETWEEN:
                at += 1
        alone = end - start == 1 and self.words[start] in _FRUIT
        if not bases or (alone and not self._fruit_is_colour(start)):
            return None
        return end, bases

    def _one(self, at: int) -> tuple[int, np.ndarray] | None:
        """One colour with its shade and "-coloured"; its end and base."""
        while self._word(at) in _SHADES and not self.named[at]:
            at = self._past_hyphen(at + 1)
        if at >= len(self.words) or self.named[at]:
            return None
        word, after = self.words[at], self._past_hyphen(at + 1)
        following = self._word(after)
        if word in LENT_BASES and following in BASES and not self.named[after]:
            return self._one(after)
        if following in _COLOURED and word in (BASES | LENT_BASES):
            return after + 1, (BASES | LENT_BASES)[word]
        return (at + 1, BASES[word]) if word in BASES else None

    def _past_hyphen(self, at: int) -> int:
        return at + 1 if self._word(at) == "-" else at

    def _fruit_is_colour(self, at: int) -> bool:
        before, after = self._word(at - 1), self._word(at + 1)
        if before in _IS | _COLOURED | _NOT or before == "in":
            return True
        return after.isalnum() and after not in _NO_NOUN

    def _ask(self, start: int, end: int, bases: list[np.ndarray], reach: float) -> None:
        """Ask the colours of one group, and take from the words what only led to them."""
        sign = 1.0
        if self._word(start - 1) in _NOT:
            start, sign = start - 1, -1.0
        elif self._word(start - 1) == "-" and self._word(start - 2) == "non":
            start, sign = start - 2, -1.0
        led = self._lead(start, end)
        if led < start and reach == PARTLY and not _PARTS & set(self.words[:led]):
            reach = 1.0  # "in red" is all of the thing, "in a red hat" is not
        if reach == 0.0:
            return
        for place in range(led, end):
            self.kept[place] = False
        if self._word(end) == "-":
            self.kept[end] = False
        self.asked += [(base / len(bases) * sign, reach) for base in bases]

    def _lead(self, start: int, end: int) -> int:
        """Where "that is", "in the colour" or "of a" before a group begins; else ``start``."""
        at = start
        if self._word(at - 1) in _COLOURED:
            at -= 1
        said = at < start or self.words[end - 1] in _COLOURED
        before = at
        while said and self._word(before - 1) in _ARTICLES:
            before -= 1
        if self._word(before - 1) in ("in", "of") and (said or not self._word(end).isalnum()):
            at = before - 1
        if self._word(at - 1) in _IS:
            at -= 1
            if self._word(at - 1) in _IS:  # "is painted red"
                at -= 1
            if self._word(at - 1) in _THAT:
                at -= 1
        return at

    def _weights(self) -> np.ndarray:
        weights = np.zeros(len(COLOURS), np.float32)
        # A colour of the thing itself leaves none for what it has on it.
        least = 1.0 if any(reach == 1.0 for _, reach in self.asked) else 0.0
        for base, reach in self.asked:
            if reach >= least:
                weights += base * np.float32(reach)
        return weights / max(1.0, float(np.abs(weights).sum()))

    def _rest(self) -> str:
        words = [word for word, stays in zip(self.words, self.kept, strict=True) if stays]
        if all(self.kept):
            return self.text.strip()
        if set(words) <= _ANYTHING | _ARTICLES | _THAT | _MARKS:
            return ""
        letters = list(self.text)
        for (first, last), stays in zip(self.spans, self.kept, strict=True):
            if not stays:
                letters[first:last] = " " * (last - first)
        rest = re.sub(r"\s+", " ", re.sub(r"\(\s*\)", " ", "".join(letters)))
        rest = re.sub(r"(?: ?,)+ ?,", ",", rest)
        rest = re.sub(r"\b(a)n (?![aeiou])", r"\1 ", rest, flags=re.IGNORECASE)
        return re.sub(r" (?:that|which|who)$", "", re.sub(r"^[\s,.;:-]+|[\s,.;:-]+$", "", rest))


def _reach(word: str) -> float:
    """How far a colour after this word is still the thing's own: 1, ``PARTLY`` or 0."""
    return 0.0 if word in _RELATIONS else PARTLY if word in _PARTS else 1.0

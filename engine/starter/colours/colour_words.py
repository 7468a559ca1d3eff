"""Parses a query into the colours of the thing and the words that are left for its meaning."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from engine.starter.colours.colour_terms import COLOUR_WORD_WEIGHTS, OBJECT_WEIGHTS, name_kind
from engine.starter.colours.colour_vectors import COLOURS

NAME_COLOUR_WEIGHT = 0.4
"""Weight of a colour that is part of a name: a black bear in shade is still a black bear."""
PART_COLOUR_WEIGHT = 0.5
"""Weight of the colour of something on the thing: a woman in a red hat is not red all over."""


class ColourQuery(NamedTuple):
    """A parsed query.

    Attributes:
        rest: the words without those that only name a colour; empty if there are no others.
        weights: float32 (11,) in the order of ``COLOURS``. Absolute values add up to 1 or less;
            zeros if the query names no colour; negative for a colour the thing must not have.
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
"""Alone, after "an" or in the plural these are things; before another noun they are colours."""
_NO_NOUN = frozenset(
    "and or with without on in into of at by near next beside besides left right above below under "
    "over behind between against from inside outside for to is are was were be being been has have "
    "having that which who while as cut sliced slices slice peeled halved half squeezed sitting "
    "lying hanging resting floating rolling growing being held eaten cutting peeling fruit fruits "
    "juice".split()
)
# A colour after one of these belongs to another thing.
_RELATIONS = frozenset(
    "near next beside besides left right above below under underneath beneath over behind between "
    "against inside outside around among across on at by from front holding carrying riding "
    "eating pulling pushing beyond before along into onto through towards atop watching chasing "
    "driving feeding using reading playing".split()
)
# A colour after one of these belongs to something on the thing.
_PARTS = frozenset("with wearing in having has".split())
_IS = frozenset("is are was were looks appears painted dyed being".split())
_THAT = frozenset(["that", "which", "who"])
_ARTICLES = frozenset(["a", "an", "the", "some", "any"])
_NOT = frozenset(["not", "non", "isn't", "aren't", "without"])

_BETWEEN = frozenset(["and", "or", ",", "-", "/", "&", "+"])
_MARKS = frozenset(",.;:-()!?\"'")

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[^\w\s]|_")


def parse_colours(text: str) -> ColourQuery:
    """Separate the colours of a query from its other words, as in ``red and white bus``.

    English only. The colour of another thing than the first one stays in the words and does not
    count ("umbrella left of a green bench"); that of something on the thing counts by half ("man in
    a red shirt"). Nothing is an error: words that are not understood stay in the rest.

    >>> rest, weights = parse_colours("dark-red car")
    >>> rest, float(weights[COLOURS.index("red")])
    ('car', 1.0)
    """
    return _Parser(text).parse()


class _Parser:
    """The tokens of one query and what is known of each.

    Attributes:
        spans: start and end of each token in the text.
        words: the tokens in lower case.
        kept: whether a token stays in the rest.
        in_name: whether a token belongs to a name or to a part, and so is no colour.
        colours: weights of the colours found, and by how much each counts.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = [found.span() for found in _TOKEN.finditer(text)]
        self.words = [text[a:b].lower().replace("’", "'") for a, b in self.spans]
        self.kept = [True] * len(self.words)
        self.in_name = [False] * len(self.words)
        self.colours: list[tuple[np.ndarray, float]] = []

    def parse(self) -> ColourQuery:
        """Find the colours and remove their words."""
        self._mark_names()
        self._mark_part_colours()
        at, weight = 0, 1.0
        while at < len(self.words):
            group = self._colour_group(at)
            if group is not None:
                end, bases = group
                self._add_colours(at, end, bases, weight)
                at = end
                continue
            if any(word not in _ARTICLES for word in self.words[:at]):
                weight = min(weight, _weight_after(self.words[at]))
            at += 1
        return ColourQuery(self._rest(), self._weights())

    def _word(self, at: int) -> str:
        """The token at an index; an empty string outside the query."""
        return self.words[at] if 0 <= at < len(self.words) else ""

    def _mark_names(self) -> None:
        """Mark the names in the tables; some add a colour with a low weight."""
        plain = [at for at, word in enumerate(self.words) if word != "-"]
        for first in range(len(plain)):
            for length in (4, 3, 2):
                run = plain[first : first + length]
                kind = name_kind(" ".join(self.words[at] for at in run))
                if len(run) < length or not kind or any(self.in_name[at] for at in run):
                    continue
                for at in run:
                    self.in_name[at] = True
                    if kind == "coloured" and self.words[at] in COLOUR_WORD_WEIGHTS:
                        self.colours.append(
                            (COLOUR_WORD_WEIGHTS[self.words[at]], NAME_COLOUR_WEIGHT)
                        )
                break

    def _mark_part_colours(self) -> None:
        """Mark colours of parts that have no mask of their own: "red hair", "white-tailed"."""
        for at, word in enumerate(self.words):
            after, hyphen = self._skip_hyphen(at + 1), self._word(at + 1) == "-"
            following = self._word(after)
            compound = hyphen and following.endswith("ed") and following not in _COLOURED
            if word in COLOUR_WORD_WEIGHTS and (
                following in _UNASKED_PARTS or (compound and following not in COLOUR_WORD_WEIGHTS)
            ):
                self.in_name[at] = True

    def _colour_group(self, start: int) -> tuple[int, list[np.ndarray]] | None:
        """Colours listed from ``start`` on ("red, white and blue"): end and weights, or None."""
        bases: list[np.ndarray] = []
        at = end = start
        while (found := self._colour_at(at)) is not None:
            at = end = found[0]
            bases.append(found[1])
            while self._word(at) in _BETWEEN:
                at += 1
        alone = end - start == 1 and self.words[start] in _FRUIT
        if not bases or (alone and not self._fruit_is_colour(start)):
            return None
        return end, bases

    def _colour_at(self, at: int) -> tuple[int, np.ndarray] | None:
        """The colour at a token with its shade and "-coloured": end and weights, or None."""
        while self._word(at) in _SHADES and not self.in_name[at]:
            at = self._skip_hyphen(at + 1)
        if at >= len(self.words) or self.in_name[at]:
            return None
        word, after = self.words[at], self._skip_hyphen(at + 1)
        following = self._word(after)
        if word in OBJECT_WEIGHTS and following in COLOUR_WORD_WEIGHTS and not self.in_name[after]:
            return self._colour_at(after)
        if following in _COLOURED and word in (COLOUR_WORD_WEIGHTS | OBJECT_WEIGHTS):
            return after + 1, (COLOUR_WORD_WEIGHTS | OBJECT_WEIGHTS)[word]
        return (at + 1, COLOUR_WORD_WEIGHTS[word]) if word in COLOUR_WORD_WEIGHTS else None

    def _skip_hyphen(self, at: int) -> int:
        """The index, or the next one if a hyphen is there."""
        return at + 1 if self._word(at) == "-" else at

    def _fruit_is_colour(self, at: int) -> bool:
        """Whether a word of ``_FRUIT`` is meant as a colour."""
        before, after = self._word(at - 1), self._word(at + 1)
        if before in _IS | _COLOURED | _NOT or before == "in":
            return True
        return after.isalnum() and after not in _NO_NOUN

    def _add_colours(self, start: int, end: int, bases: list[np.ndarray], weight: float) -> None:
        """Add the colours of a group, and remove its words and the words that introduce it."""
        sign = 1.0
        if self._word(start - 1) in _NOT:
            start, sign = start - 1, -1.0
        elif self._word(start - 1) == "-" and self._word(start - 2) == "non":
            start, sign = start - 2, -1.0
        first = self._introduction_start(start, end)
        if first < start and weight == PART_COLOUR_WEIGHT and not _PARTS & set(self.words[:first]):
            weight = 1.0  # "in red" is all of the thing, "in a red hat" is not
        if weight == 0.0:
            return
        for place in range(first, end):
            self.kept[place] = False
        if self._word(end) == "-":
            self.kept[end] = False
        self.colours += [(base / len(bases) * sign, weight) for base in bases]

    def _introduction_start(self, start: int, end: int) -> int:
        """Start of "that is", "in the colour" or "of a" before a group; else ``start``."""
        at = start
        if self._word(at - 1) in _COLOURED:
            at -= 1
        explicit = at < start or self.words[end - 1] in _COLOURED
        before = at
        while explicit and self._word(before - 1) in _ARTICLES:
            before -= 1
        if self._word(before - 1) in ("in", "of") and (explicit or not self._word(end).isalnum()):
            at = before - 1
        if self._word(at - 1) in _IS:
            at -= 1
            if self._word(at - 1) in _IS:  # "is painted red"
                at -= 1
            if self._word(at - 1) in _THAT:
                at -= 1
        return at

    def _weights(self) -> np.ndarray:
        """``ColourQuery.weights``."""
        weights = np.zeros(len(COLOURS), np.float32)
        # If the thing itself has a colour, colours of what is on it do not count.
        least = 1.0 if any(weight == 1.0 for _, weight in self.colours) else 0.0
        for base, weight in self.colours:
            if weight >= least:
                weights += base * np.float32(weight)
        return weights / max(1.0, float(np.abs(weights).sum()))

    def _rest(self) -> str:
        """``ColourQuery.rest``."""
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


def _weight_after(word: str) -> float:
    """Weight of a colour that follows this word: 1, ``PART_COLOUR_WEIGHT`` or 0."""
    return 0.0 if word in _RELATIONS else PART_COLOUR_WEIGHT if word in _PARTS else 1.0

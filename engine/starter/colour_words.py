"""Which colours the words of a query ask of the thing, and the words left for its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engine.starter.colours import COLOURS

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


# One line a basic colour: words for it that are hardly anything else.
_WORDS = {
    "black": "black blackish",
    "white": "white whitish",
    "grey": "grey gray greyish grayish silver silvery",
    "red": "red reddish crimson scarlet maroon vermilion carmine",
    "orange": "orange orangish",
    "yellow": "yellow yellowish gold golden",
    "green": "green greenish chartreuse",
    "blue": "blue bluish blueish navy indigo azure cobalt ultramarine cerulean",
    "purple": "purple purplish violet mauve lilac",
    "pink": "pink pinkish fuchsia",
    "blue green": "turquoise teal cyan aquamarine aqua",
    "pink purple": "magenta",
    "brown white": "beige ecru taupe",
    "brown yellow": "khaki",
    "brown": "brown brownish sepia tan",
}  # fmt: skip
# Things that lend their name: a colour only before a colour word ("lime green"), where they add
# nothing, or before "coloured" ("a peach-coloured dress").
_LENT = {
    "red": "ruby cherry blood brick wine burgundy rust tomato fire cardinal",
    "orange": "tangerine pumpkin amber copper carrot apricot",
    "yellow": "lemon mustard canary sand straw honey sunflower blonde blond",
    "green": "lime olive mint emerald forest sea grass moss apple pea bottle army jade hunter",
    "blue": "sky baby royal powder steel ice denim midnight ocean electric sapphire petrol slate",
    "purple": "plum lavender grape aubergine eggplant amethyst",
    "pink": "rose salmon coral peach hot flamingo bubblegum blush",
    "brown": "chocolate coffee chestnut caramel mahogany walnut bronze cinnamon leather wood",
    "grey": "ash charcoal graphite smoke lead gunmetal",
    "black": "pitch coal ebony jet ink raven",
    "white": "snow ivory cream pearl milk bone chalk",
}
_SHADES = frozenset(
    "dark darker light lighter bright brightly pale deep vivid pastel neon fluorescent rich soft "
    "dull faded medium intense solid mostly all very metallic matte plain pure predominantly "
    "partly partially entirely completely".split()
)
_COLOURED = frozenset(["coloured", "colored", "colour", "color", "colours", "colors", "hued"])

# Whole names with a colour word that asks nothing of the thing's pixels, ...
_NAMES = """
orange juice|orange peel|orange slice|orange tree|orange fruit|orange segment|orange wedge
orange half|orange soda|orange marmalade|orange zest|orange grove|orange squash|mandarin orange
white wine|red panda|red pandas|green bean|green card|green house|black board|white board
blue jean|blue print|blue cheese|red cross|red bull|red carpet event|black hole|black market
silver spoon|silver medal|gold medal|silver screen|silverware|silver ware|golden retriever
golden gate bridge|golden gate|golden eagle|golden hour|gold fish|gold mine|golden delicious
white house|black tea|green tea|white tea|black coffee|white coffee|black tie event|black friday
brown rice|brown sugar|white noise|white water|white water rafting|black and white photo
black and white photograph|black and white picture|black and white image|black and white film
black white photo|red light|green light|yellow light|amber light|white light|red eye|red eyes
black man|white man|black woman|white woman|black person|white person|black people|white people
black boy|white boy|black girl|white girl|black guy|white guy|black lady|white lady|brown man
brown woman|brown person|brown people|black child|white child|black child|black kid|white kid
black men|white men|black women|white women|black children|white children
green thumb|green room|green onion|traffic light|street light|navy ship|navy seal|navy officer
yellow pages|purple heart|pink floyd|white collar|blue collar|black belt|yellow card|red card
white shark|great white shark|black eye|green party|silver fox|grey matter|orange county
"""
# ... and those whose thing mostly does have it: the words stay, and the colour is asked mildly.
_NAMES_IN_COLOUR = """
black bear|brown bear|white bear|blue jay|blue whale|blue bird|black bird|red fox|grey wolf
gray wolf|black widow|black panther|black swan|white rhino|black rhino|grey squirrel|red squirrel
gray squirrel|green turtle|green iguana|red deer|blue tit|blue heron|great blue heron|grey heron
gray heron|red robin|grey seal|gray seal|white tiger|white stork|red kite|red onion|white onion
green salad|green olive|black olive|red cabbage|red wine|red grape|green grape|white bread
brown bread|white chocolate|red snapper|yellow cab|red carpet|black pepper|black bean|red bean
white rice|green plant|green tree|green grass|green leaf|green leaves|green field|blue sky
red meat|white meat|yellow squash|red cedar|white pine|white oak|silver birch|red maple|blue crab
"""
_UNASKED_PARTS = frozenset("hair eye eyes skin beard moustache eyebrows lips".split())
_ANYTHING = frozenset("thing things something anything object objects item items stuff".split())

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
                kind = _name(" ".join(self.words[at] for at in run)) if len(run) == length else ""
                if not kind or any(self.named[at] for at in run):
                    continue
                for at in run:
                    self.named[at] = True
                    if kind == "coloured" and self.words[at] in _BASES:
                        self.asked.append((_BASES[self.words[at]], MILDLY))
                break

    def _mark_parts(self) -> None:
        """ "Red hair", "white-tailed": of a part that has no mask of its own."""
        for at, word in enumerate(self.words):
            after, hyphen = self._past_hyphen(at + 1), self._word(at + 1) == "-"
            following = self._word(after)
            compound = hyphen and following.endswith("ed") and following not in _COLOURED
            if word in _BASES and (
                following in _UNASKED_PARTS or (compound and following not in _BASES)
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
        if word in _LENT_BASES and following in _BASES and not self.named[after]:
            return self._one(after)
        if following in _COLOURED and word in (_BASES | _LENT_BASES):
            return after + 1, (_BASES | _LENT_BASES)[word]
        return (at + 1, _BASES[word]) if word in _BASES else None

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
        rest = re.sub(r"\b(a)n (?![aeiou])", r"\1 ", rest, flags=re.IGNORECASE)
        return re.sub(r" (?:that|which|who)$", "", re.sub(r"^[\s,.;:-]+|[\s,.;:-]+$", "", rest))


def _reach(word: str) -> float:
    """How far a colour after this word is still the thing's own: 1, ``PARTLY`` or 0."""
    return 0.0 if word in _RELATIONS else PARTLY if word in _PARTS else 1.0


def _bases(table: dict[str, str]) -> dict[str, np.ndarray]:
    """Weights by word, summing to 1."""
    found = {}
    for names, words in table.items():
        base = np.zeros(len(COLOURS), np.float32)
        for name in names.split():
            base[COLOURS.index(name)] += 1 / len(names.split())
        found.update(dict.fromkeys(words.split(), base))
    return found


def _phrases(table: str) -> Iterator[str]:
    for line in table.split("\n"):
        yield from (phrase.strip() for phrase in line.split("|") if phrase.strip())


_BASES = _bases(_WORDS)
_LENT_BASES = _bases(_LENT)
_PLAIN_NAMES = frozenset(_phrases(_NAMES))
_COLOURED_NAMES = frozenset(_phrases(_NAMES_IN_COLOUR))


def _name(phrase: str) -> str:
    """``plain``, ``coloured``, or empty if the phrase is in no table; plurals count."""
    for form in (phrase, phrase.removesuffix("s"), phrase.removesuffix("es")):
        if form in _PLAIN_NAMES:
            return "plain"
        if form in _COLOURED_NAMES:
            return "coloured"
    return ""

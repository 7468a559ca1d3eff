"""Noun phrases and groups of a query, built from the tree of the grammar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.query.english_words import plural
from engine.query.tags import HEADS, Tag, Tagged
from engine.records import Count, Place

if TYPE_CHECKING:
    from engine.query.grammar import Token, Tree


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase.

    Attributes:
        tags: its words in the order of the text.
        attributes: in English, without articles, counts and places.
        head: noun with what belongs to it ("cup of coffee"), in English; empty if it has none.
        is_scene: the head names a place or situation.
    """

    tags: tuple[Tagged, ...]
    attributes: tuple[str, ...]
    head: str
    is_scene: bool
    count: Count | None
    places: tuple[Place, ...]
    has_article: bool

    @property
    def name(self) -> str:
        return " ".join((*self.attributes, self.head))

    @property
    def english(self) -> str:
        """With article and count, for a translation."""
        opened = [t.english for t in self.tags if t.tag in (Tag.DET, Tag.COUNT) and t.english]
        several = self.count is not None and self.count.least > 1
        return " ".join((*opened[:2], plural(self.name) if several else self.name)).strip()


@dataclass(frozen=True, slots=True)
class Group:
    """Phrases of which any will do, and where they are."""

    phrases: tuple[Phrase, ...]
    places: tuple[Tagged, ...]
    tags: tuple[Tagged, ...]

    @property
    def headed(self) -> tuple[Phrase, ...]:
        return tuple(phrase for phrase in self.phrases if phrase.head)

    @property
    def english(self) -> str:
        either = " or ".join(phrase.english for phrase in self.phrases)
        return " ".join((either, *(_place_english(place) for place in self.places)))


@dataclass(frozen=True, slots=True)
class Item:
    """A part of the tree: "group", "excluded", "relation", "between", "company", or "loose".

    Attributes:
        tags: the connecting words, or the loose one.
    """

    kind: str
    tags: tuple[Tagged, ...] = ()
    groups: tuple[Group, ...] = field(default=())


def items_of(tree: Tree[Token], tags: Sequence[Tagged]) -> list[Item]:
    """The items of a query in the order of the text."""
    return [_item(child, tags) for child in tree.children]  # type: ignore[arg-type]


def _item(tree: Tree[Token], tags: Sequence[Tagged]) -> Item:
    if tree.data == "group":
        return Item("group", (), (_group(tree, tags),))
    own, groups = [], []
    for child in tree.children:
        if isinstance(child, str):
            own.append(tags[int(child)])
        else:
            groups.append(_group(child, tags))
    return Item(str(tree.data), tuple(own), tuple(groups))


def _group(tree: Tree[Token], tags: Sequence[Tagged]) -> Group:
    phrases, places = [], []
    for child in tree.children:
        if isinstance(child, str):
            one = tags[int(child)]
            if one.tag is Tag.PLACE:
                places.append(one)
        else:
            phrases.append(_phrase(_leaves(child, tags)))
    inside = tuple(_leaves(tree, tags))
    return Group(_shared(phrases), tuple(places), inside)


def _leaves(tree: Tree[Token], tags: Sequence[Tagged]) -> list[Tagged]:
    indexes = tree.scan_values(lambda leaf: True)
    return [tags[i] for i in sorted(int(index) for index in indexes)]


def _phrase(tags: list[Tagged]) -> Phrase:
    first, *linked = _split(tags, Tag.OF)
    attributes = [one.english for one in first if one.tag in (Tag.ADJ, Tag.POST)]
    heads = [one for one in first if one.tag in HEADS]
    head = _compound(heads)
    for part in linked:
        inner = _phrase(part)
        head = f"{head} of {inner.name}"
    counts = [one.value for one in first if one.tag is Tag.COUNT]
    places: list[Place] = []
    for one in first:
        if one.tag in (Tag.PLACE_ADJ, Tag.PREPLACE):
            places += one.value  # type: ignore[arg-type]
        places += one.sizes
    return Phrase(
        tuple(tags),
        tuple(attributes),
        head,
        bool(heads) and heads[-1].tag is Tag.SCENE,
        next((count for count in counts if isinstance(count, Count)), None),
        tuple(dict.fromkeys(places)),
        any(one.tag is Tag.DET for one in first),
    )


def _split(tags: Iterable[Tagged], at: Tag) -> list[list[Tagged]]:
    parts: list[list[Tagged]] = [[]]
    for one in tags:
        if one.tag is at:
            parts.append([])
        else:
            parts[-1].append(one)
    return parts


def _compound(heads: Sequence[Tagged]) -> str:
    """Nouns side by side as they are written, the last one in the singular."""
    if not heads:
        return ""
    return " ".join([*(one.text.lower() for one in heads[:-1]), heads[-1].english])


def _shared(phrases: list[Phrase]) -> tuple[Phrase, ...]:
    """Alternatives with what is written once for all of them.

    "red or blue car": each colour has the car. "red car or bus": both are red, as the second has
    neither an article nor attributes of its own; "a red car or a bus" says nothing of the bus.
    """
    found = list(phrases)
    for at in range(len(found) - 2, -1, -1):
        if not found[at].head and found[at].attributes and found[at + 1].head:
            found[at] = replace(found[at], head=found[at + 1].head, is_scene=found[at + 1].is_scene)
    for at in range(1, len(found)):
        before, one = found[at - 1], found[at]
        alone = not (one.attributes or one.has_article or one.count or one.places)
        led = before.tags and before.tags[-1].tag is not Tag.POST and before.attributes
        if alone and led and before.head and one.head:
            found[at] = replace(one, attributes=before.attributes, places=before.places)
    return tuple(found)


def _place_english(place: Tagged) -> str:
    if len(place.english.split()) > 1:
        return f"at the {place.english}"
    return f"{'on' if place.english in ('left', 'right') else 'in'} the {place.english}"

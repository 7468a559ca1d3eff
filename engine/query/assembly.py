"""Puts the items of a query together: things with relations, scenes, filters, plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from engine.query.english_words import english_words
from engine.query.phrases import Group, Item
from engine.query.tags import Tag, Tagged
from engine.records import (
    Filter,
    Place,
    PlainReason,
    PlainText,
    Relation,
    RelationTerm,
    Scene,
    Span,
    Thing,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a plan, each kind in the order of the text."""

    things: tuple[Thing, ...]
    relations: tuple[RelationTerm, ...]
    scenes: tuple[Scene, ...]
    filters: tuple[Filter, ...]
    plain: tuple[PlainText, ...]


class Assembly:
    """Takes the items of one query one after the other.

    A relation has the things before it as its subjects: both of "a cat and a dog on a sofa", and
    not what "with" adds. A verb has the subject of the relation before it: it is the man who holds
    the phone in "a man on a bench holding a phone", but the bench that is near the window in "a man
    on a bench near a window".
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._things: list[Thing] = []
        self._relations: list[RelationTerm] = []
        self._scenes: list[Scene] = []
        self._filters: list[Filter] = []
        self._subjects: list[int] = []
        self._subjects_before: list[int] = []
        self._after_and = False
        self._excluding = False
        self._loose: list[Tagged] = []

    def parts(self, items: Sequence[Item], words: Sequence[Tagged]) -> Parts:
        """The parts of a plan; ``words`` are all of its tags, of which none may be lost."""
        for item in items:
            match item.kind:
                case "group":
                    self._add_group(item.groups[0])
                case "excluded":
                    self._exclude(item)
                case "relation" | "between":
                    self._relate(item)
                case "company":
                    self._accompany(item)
                case _:
                    self._add_loose(item.tags[0])
        return Parts(
            tuple(self._things),
            tuple(self._relations),
            tuple(self._scenes),
            tuple(self._filters),
            tuple(self._plain(words)),
        )

    def _add_group(self, group: Group) -> None:
        added = self._add(group, excluded=self._excluding)
        if not self._excluding:
            self._subjects = [*self._subjects, *added] if self._after_and else added
            self._subjects_before = list(self._subjects)
        self._after_and = False

    def _exclude(self, item: Item) -> None:
        negation = item.tags[0]
        for one in item.tags[1:]:
            if isinstance(one.value, Filter):
                span = Span(negation.start, one.end)
                self._filters.append(replace(one.value, span=span, excluded=True))
        for group in item.groups:
            self._add(group, excluded=True, start=negation.start)
        self._after_and = False
        self._excluding = negation.strong and bool(item.groups) and negation.text[0].isalpha()

    def _relate(self, item: Item) -> None:
        word = item.tags[0]
        groups = item.groups
        subjects = self._subjects_before if word.verbal else self._subjects
        relation = word.value
        for_photo = word.of_scene or not subjects
        self._excluding = False
        if for_photo and all(_is_scene(group) for group in groups):
            for group in groups:
                self._add(group, start=word.start)
            self._after_and = False
            return
        if relation is Relation.INSIDE and all(_is_worn(group) for group in groups):
            relation = Relation.WEARING
        objects = [index for group in groups for index in self._add(group, as_thing=True)]
        if isinstance(relation, Relation) and subjects and objects:
            span = Span(word.start, word.end)
            for subject in subjects:
                self._relations.append(RelationTerm(relation, subject, tuple(objects), span))
        self._subjects_before = list(subjects) or objects
        self._subjects = objects
        self._after_and = False

    def _accompany(self, item: Item) -> None:
        added = self._add(item.groups[0], start=None)
        in_hand = item.tags[-1].tag is Tag.IN_HAND
        if in_hand and self._subjects and added:
            span = Span(item.tags[-1].start, item.tags[-1].end)
            self._relations += [
                RelationTerm(Relation.HOLDING, subject, tuple(added), span)
                for subject in self._subjects
            ]
        if not self._subjects:
            self._subjects = added
            self._subjects_before = added
        self._after_and = False
        self._excluding = False

    def _add_loose(self, one: Tagged) -> None:
        if one.tag is Tag.FILTER and isinstance(one.value, Filter):
            self._filters.append(one.value)
        self._after_and = one.tag is Tag.AND
        if one.tag is not Tag.AND:
            self._excluding = False
        if one.tag in (Tag.COMMA, Tag.FILTER):
            self._after_and = False

    def _add(
        self,
        group: Group,
        excluded: bool = False,
        as_thing: bool = False,
        start: int | None = None,
    ) -> list[int]:
        """Adds a thing or a scene; the indexes of the thing, none for a scene."""
        phrases = group.headed
        if not phrases:
            return []
        covered = [one for one in group.tags if one.tag is not Tag.BREAK]
        begin = covered[0].start if start is None else start
        span = Span(begin, covered[-1].end)
        names = tuple(dict.fromkeys(phrase.name for phrase in phrases))
        if _is_scene(group) and not as_thing:
            self._scenes.append(Scene(names, span, excluded))
            return []
        count = next((phrase.count for phrase in phrases if phrase.count), None)
        places = [place for phrase in phrases for place in phrase.places]
        for one in group.places:
            places += one.value  # type: ignore[arg-type]
        unique = tuple(dict.fromkeys(places))
        self._things.append(Thing(names, span, count, unique, excluded))
        return [len(self._things) - 1]

    def _plain(self, words: Sequence[Tagged]) -> Iterable[PlainText]:
        """The words that no part covers, those side by side as one."""
        spans = [
            part.span
            for parts in (self._things, self._relations, self._scenes, self._filters)
            for part in parts
        ]
        run: list[Tagged] = []
        for one in words:
            covered = any(span.start < one.end and one.start < span.end for span in spans)
            says = _says(one) and not covered
            quoted = one.tag is Tag.QUOTED
            if run and (covered or quoted or one.tag in (Tag.COMMA, Tag.BREAK)):
                yield self._plain_of(run)
                run = []
            if quoted and not covered:
                span = Span(one.start, one.end)
                if one.english:
                    yield PlainText(one.english, span, PlainReason.QUOTED)
            elif says or (run and not covered and one.tag in _JOINS):
                run.append(one)
        if run:
            yield self._plain_of(run)

    def _plain_of(self, run: list[Tagged]) -> PlainText:
        while not _says(run[-1]):
            run = run[:-1]
        span = Span(run[0].start, run[-1].end)
        return PlainText(self._text[span.start : span.end], span)


_SAYS = frozenset({Tag.PLAIN, Tag.VERB, Tag.ADJ, Tag.PLACE_ADJ, Tag.POST, Tag.COUNT})
_SAYS |= {Tag.BETWEEN, Tag.PREPLACE, Tag.PLACE, Tag.NOUN, Tag.SCENE, Tag.IN_HAND}
_JOINS = frozenset({Tag.DET, Tag.OF, Tag.STOP, Tag.AND, Tag.WITH, Tag.REL})


def _says(one: Tagged) -> bool:
    """Whether words must not get lost; prepositions by themselves say nothing."""
    if one.tag is Tag.REL:
        return one.verbal or (one.value is not None and not one.of_scene)
    return one.tag in _SAYS or (one.tag is Tag.NOT and one.text[0].isalpha())


def _is_scene(group: Group) -> bool:
    """Whether a group names scenes only; "two beaches" and "a lake on the left" are things."""
    phrases = group.headed
    return (
        bool(phrases)
        and not group.places
        and all(
            phrase.is_scene and phrase.count is None and not _located(phrase.places)
            for phrase in phrases
        )
    )


def _is_worn(group: Group) -> bool:
    """Whether a group names clothes, in which people are "in"."""
    clothes = english_words().clothes
    names = [phrase.head.split(" of ")[0] for phrase in group.headed]
    return bool(names) and all(name.split()[-1] in clothes for name in names)


def _located(places: Iterable[object]) -> bool:
    """Whether there is a place besides the size, which is an attribute too."""
    return any(place not in (Place.SMALL, Place.LARGE) for place in places)

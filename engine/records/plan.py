"""Query plans: what a text asks for, as typed parts.

Every part has ``span``, the characters of the text it was read from, so that the window can show it
as a chip, and take it out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of the text of a query."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many there must be: at least ``least`` and, unless it is None, at most ``most``."""

    least: int
    most: int | None = None

    def __post_init__(self) -> None:
        if self.least < 0 or (self.most is not None and self.most < max(self.least, 1)):
            raise ValueError(f"expected 0 <= least <= most, got {self.least}, {self.most}")


class Place(StrEnum):
    """Where in the picture a thing is, or how large among the things of its photo."""

    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"
    MIDDLE = "middle"
    CORNER = "corner"
    FOREGROUND = "foreground"
    BACKGROUND = "background"
    LARGE = "large"
    SMALL = "small"
    LARGEST = "largest"
    SMALLEST = "smallest"


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing that is asked of regions.

    Attributes:
        names: noun phrases in English without article, count and place, attributes included ("red
            umbrella"); more than one if any of them will do ("dog or cat").
        count: None if one is enough.
        places: all of them must hold.
        excluded: True for what must not be there ("without people", "-leash").
    """

    names: tuple[str, ...]
    span: Span
    count: Count | None = None
    places: tuple[Place, ...] = ()
    excluded: bool = False


class Relation(StrEnum):
    """How a thing lies to another. The last three are seen as closeness and overlap only."""

    LEFT_OF = "left of"
    RIGHT_OF = "right of"
    ABOVE = "above"
    BELOW = "below"
    ON = "on"
    UNDER = "under"
    IN_FRONT_OF = "in front of"
    BEHIND = "behind"
    NEXT_TO = "next to"
    BETWEEN = "between"
    INSIDE = "inside"
    HOLDING = "holding"
    RIDING = "riding"
    WEARING = "wearing"


@dataclass(frozen=True, slots=True)
class RelationTerm:
    """A relation of two things of the plan; of three for ``BETWEEN``.

    Attributes:
        subject, objects: indexes into ``QueryPlan.things``; two objects for ``BETWEEN`` unless only
            one was named in the plural.
    """

    relation: Relation
    subject: int
    objects: tuple[int, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Scene:
    """A place or situation that is asked of the whole photo: "beach", "kitchen", "at night".

    Attributes:
        names: in English; more than one if any of them will do.
    """

    names: tuple[str, ...]
    span: Span
    excluded: bool = False


class FilterKind(StrEnum):
    """What a filter compares."""

    DATE = "date"
    HOUR = "hour"
    ADDED = "added"
    FOLDER = "folder"
    CAMERA = "camera"
    LENS = "lens"
    FILE_TYPE = "type"
    ORIENTATION = "orientation"
    MEGAPIXELS = "megapixels"
    RATING = "rating"
    KEYWORD = "keyword"
    CAPTION = "caption"
    LOCATION = "location"
    CUTOUTS = "cut-outs"


@dataclass(frozen=True, slots=True)
class DateRange:
    """Local days ``first`` to ``last``, both included; None for no bound."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class NumberRange:
    """``least`` to ``most``, both included; None for no bound. Hours from 21 to 5 wrap around."""

    least: float | None = None
    most: float | None = None


FilterValue = DateRange | NumberRange | str | Literal[True]


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on the file or its metadata, which decides: photos that fail it are no hits.

    Attributes:
        value: a ``DateRange`` for dates taken and added; a ``NumberRange`` for hours (0..23),
            megapixels and ratings (0..5); the text to be contained, without regard to case, for
            folder, camera and lens; a keyword or the name of a person, or one word of it; words of
            title and caption; words of a place, or True for wherever a receiver knew it; "jpeg",
            "png", "raw", "jp2" and other names of file types; "landscape", "portrait"
            or "square" for orientations; True for cut-outs.
        excluded: True to keep the photos that fail it.
    """

    kind: FilterKind
    value: FilterValue
    span: Span
    excluded: bool = False


class PlainReason(StrEnum):
    """Why a part of the text is plain: it takes part in the sentence, but is no chip of its own."""

    QUOTED = "quoted"
    NOT_UNDERSTOOD = "not understood"


@dataclass(frozen=True, slots=True)
class PlainText:
    """A part of the text that is asked only as a part of the sentence."""

    text: str
    span: Span
    reason: PlainReason = PlainReason.NOT_UNDERSTOOD


PlanPart = Thing | RelationTerm | Scene | Filter | PlainText


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What a text asks for.

    Attributes:
        text: as it was typed.
        sentence: the text in English without filters and without what is excluded; asked of the
            photo as a whole and of its regions. Empty if nothing else is left.
        language: ISO 639-1 code of the language it was read in.
    """

    text: str
    sentence: str
    things: tuple[Thing, ...] = ()
    relations: tuple[RelationTerm, ...] = ()
    scenes: tuple[Scene, ...] = ()
    filters: tuple[Filter, ...] = ()
    plain: tuple[PlainText, ...] = ()
    language: str = "en"

    def __post_init__(self) -> None:
        for relation in self.relations:
            if not all(0 <= i < len(self.things) for i in (relation.subject, *relation.objects)):
                raise ValueError(f"expected indexes of things, got {relation}")

    @property
    def named(self) -> tuple[Thing | Scene, ...]:
        """All things, then all scenes."""
        return (*self.things, *self.scenes)

    @property
    def wanted(self) -> tuple[Thing, ...]:
        """The things that must be there."""
        return tuple(thing for thing in self.things if not thing.excluded)

    @property
    def unwanted(self) -> tuple[Thing, ...]:
        """The things that must not be there."""
        return tuple(thing for thing in self.things if thing.excluded)

"""Plans in words for people: chips, reasons, ``search --explain``."""

from __future__ import annotations

import calendar
from datetime import date

from engine.query.english_words import plural
from engine.records import (
    Count,
    DateRange,
    Filter,
    FilterKind,
    NumberRange,
    Place,
    PlainReason,
    PlanPart,
    QueryPlan,
    RelationTerm,
    Scene,
    Thing,
)

_NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()
_PLACES = {
    Place.LEFT: "on the left",
    Place.RIGHT: "on the right",
    Place.TOP: "at the top",
    Place.BOTTOM: "at the bottom",
    Place.MIDDLE: "in the middle",
    Place.CORNER: "in a corner",
    Place.FOREGROUND: "in the foreground",
    Place.BACKGROUND: "in the background",
}


def lines(plan: QueryPlan) -> list[str]:
    """What the plan asks, one line a part in the order of the text; the sentence comes first."""
    found = [f"sentence: {plan.sentence}"] if plan.sentence else []
    parts: list[tuple[str, PlanPart]] = [
        *(("thing", one) for one in plan.things),
        *(("relation", one) for one in plan.relations),
        *(("scene", one) for one in plan.scenes),
        *(("filter", one) for one in plan.filters),
        *(("plain text", one) for one in plan.plain),
    ]
    parts.sort(key=lambda pair: pair[1].span)
    return found + [f"{kind}: {part_text(one, plan)}" for kind, one in parts]


def part_text(part: PlanPart, plan: QueryPlan) -> str:
    """A part in words: "two dogs", "without people", "ball left of dog", "taken in May 2019"."""
    if isinstance(part, Thing):
        return _thing(part)
    if isinstance(part, RelationTerm):
        subject = " or ".join(plan.things[part.subject].names)
        objects = [_thing_name(plan.things[index]) for index in part.objects]
        return f"{subject} {part.relation} {' and '.join(objects)}"
    if isinstance(part, Scene):
        return ("without " if part.excluded else "") + " or ".join(part.names)
    if isinstance(part, Filter):
        return ("not " if part.excluded else "") + _filter(part)
    return f"“{part.text}”" if part.reason is PlainReason.QUOTED else part.text


def _thing(thing: Thing) -> str:
    name = _thing_name(thing)
    for place, word in ((Place.LARGEST, "largest"), (Place.SMALLEST, "smallest")):
        if place in thing.places:
            name = f"{word} {name}"
    where = [_PLACES[place] for place in thing.places if place in _PLACES]
    if thing.excluded:
        name = "without people" if name == "person" else f"without {name}"
    return " ".join([name, *where])


def _thing_name(thing: Thing) -> str:
    if thing.count is None:
        return " or ".join(thing.names)
    if thing.count == Count(1, 1):
        return "exactly one " + " or ".join(thing.names)
    names = thing.names if thing.count.most == 1 else tuple(plural(name) for name in thing.names)
    return f"{_count(thing.count)} {' or '.join(names)}"


def _count(count: Count) -> str:
    if count.most is None:
        return f"{_number(count.least)} or more" if count.least > 2 else _number(count.least)
    if count.least == count.most:
        return f"exactly {_number(count.least)}"
    if count.least <= 1:
        return f"at most {_number(count.most)}"
    return f"{_number(count.least)} to {_number(count.most)}"


def _number(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _filter(part: Filter) -> str:
    value = part.value
    if isinstance(value, DateRange):
        verb = "added" if part.kind is FilterKind.ADDED else "taken"
        return f"{verb} {_days(value)}"
    if isinstance(value, NumberRange):
        return _numbers(part.kind, value)
    return {
        FilterKind.FOLDER: f"in folder {value}",
        FilterKind.CAMERA: f"taken with {value}",
        FilterKind.LENS: f"lens {value}",
        FilterKind.FILE_TYPE: f"{str(value).upper()} files",
        FilterKind.ORIENTATION: f"{value} format",
        FilterKind.CUTOUTS: "with cut-outs",
        FilterKind.KEYWORD: f"tagged {value}",
        FilterKind.CAPTION: f"captioned {value}",
        FilterKind.LOCATION: "with a location" if value is True else f"taken in {value}",
    }.get(part.kind, f"{part.kind} {value}")


def _days(days: DateRange) -> str:
    first, last = days.first, days.last
    if first is None and last is None:
        return "at any time"
    if first is None:
        return f"until {_day(last)}"
    if last is None:
        return f"since {_day(first)}"
    if first == last:
        return f"on {_day(first)}"
    last_of_month = calendar.monthrange(last.year, last.month)[1]
    if first.day == 1 and last.day == last_of_month:
        if (first.year, first.month) == (last.year, last.month):
            return f"in {first:%B} {first.year}"
        if first.month == 1 and last.month == 12:
            years = f"{first.year}" if first.year == last.year else f"{first.year} to {last.year}"
            return f"in {years}"
        return f"from {first:%B} {first.year} to {last:%B} {last.year}"
    return f"from {_day(first)} to {_day(last)}"


def _day(day: date | None) -> str:
    return f"{day.day} {day:%B} {day.year}" if day else ""


def _numbers(kind: FilterKind, value: NumberRange) -> str:
    least, most = value.least, value.most
    if kind is FilterKind.HOUR:
        if least is not None and least == most:
            return f"taken at {least:.0f} o'clock"
        until = 24 if most is None else most + 1
        return f"taken between {least or 0:.0f} and {until:.0f} o'clock"
    unit = "stars" if kind is FilterKind.RATING else str(kind)
    if least is not None and least == most:
        return f"{least:g} star" if (kind, least) == (FilterKind.RATING, 1) else f"{least:g} {unit}"
    if most is None:
        return f"at least {least or 0:g} {unit}"
    if least is None:
        return f"at most {most:g} {unit}"
    return f"{least:g} to {most:g} {unit}"

"""The table of texts and their plans, ``tests/data/query_plans.json``."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from engine.query.parser import QueryParser
from engine.records import (
    Count,
    DateRange,
    Filter,
    NumberRange,
    PlainReason,
    QueryPlan,
    Thing,
)
from tests.fakes.query_vocabulary import SmallVocabulary

TABLE = json.loads(
    (Path(__file__).parents[2] / "data" / "query_plans.json").read_text(encoding="utf-8")
)
PLANS = [
    (text, plan)
    for name, rows in TABLE.items()
    if name not in ("about", "plain")
    for text, plan in rows.items()
]
PARSER = QueryParser(SmallVocabulary(), today=lambda: date(2024, 10, 9))


def count_notation(count: Count | None) -> str:
    if count is None:
        return ""
    if count.most is None:
        return f" x{count.least}+"
    return f" x{count.least}" if count.least == count.most else f" x{count.least}-{count.most}"


def thing_notation(thing: Thing) -> str:
    places = "".join(f" @{place}" for place in thing.places)
    no = "no " if thing.excluded else ""
    return no + " | ".join(thing.names) + count_notation(thing.count) + places


def filter_notation(one: Filter) -> str:
    value = one.value
    no = "not " if one.excluded else ""
    if isinstance(value, DateRange):
        return f"{no}{one.kind} {value.first or ''}..{value.last or ''}"
    if isinstance(value, NumberRange):
        ends = ["" if end is None else f"{end:g}" for end in (value.least, value.most)]
        return f"{no}{one.kind} {ends[0]}..{ends[1]}"
    return f"{no}{one.kind}" if value is True else f"{no}{one.kind} {value}"


def notation(plan: QueryPlan) -> frozenset[str]:
    """The parts of a plan as the table writes them, in any order."""
    names = [" | ".join(thing.names) for thing in plan.things]
    parts = [thing_notation(thing) for thing in plan.things]
    for one in plan.relations:
        objects = ", ".join(names[index] for index in one.objects)
        parts.append(f"{names[one.subject]} {one.relation.name} {objects}")
    parts += [
        ("no scene " if one.excluded else "scene ") + " | ".join(one.names) for one in plan.scenes
    ]
    parts += [filter_notation(one) for one in plan.filters]
    kinds = {PlainReason.QUOTED: "quoted", PlainReason.NOT_UNDERSTOOD: "plain"}
    parts += [f"{kinds[one.reason]}: {one.text}" for one in plan.plain]
    return frozenset(parts)


@pytest.mark.parametrize(("text", "plan"), PLANS, ids=[text for text, _ in PLANS])
def test_plan_is_what_a_person_means(text: str, plan: str):
    assert notation(PARSER.parse(text)) == frozenset(plan.split(" / "))


@pytest.mark.parametrize("text", TABLE["plain"])
def test_nothing_is_read_into_what_is_plain(text: str):
    plan = PARSER.parse(text)
    assert not plan.filters and not plan.relations and not plan.unwanted
    assert all(thing.count is None and not thing.places for thing in plan.things)
    assert not any(scene.excluded for scene in plan.scenes)
    assert plan.sentence == text or not any(c.isalnum() for c in text) or plan.language != "en"


def test_the_table_is_large():
    assert len(PLANS) >= 200
    assert len(TABLE["plain"]) >= 40

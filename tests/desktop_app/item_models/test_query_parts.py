"""Chips of a plan, and what is left of a text when one of them is taken out."""

from __future__ import annotations

from datetime import date

import pytest

from desktop_app.item_models.query_parts import PartKind, excluded_spans, query_parts, text_without
from engine.query.parser import QueryParser
from engine.records import PlainText, QueryPlan, Span, Thing
from tests.fakes.query_vocabulary import SmallVocabulary

PARSER = QueryParser(SmallVocabulary(), today=lambda: date(2024, 10, 9))


def chips(text: str) -> list[str]:
    return [part.text for part in query_parts(PARSER.parse(text))]


def test_parts_come_in_the_order_of_the_text_with_their_kinds():
    parts = query_parts(PARSER.parse("two dogs on the beach without leash in 2019"))
    assert [(part.text, part.kind, part.excluded) for part in parts] == [
        ("two dogs", PartKind.THING, False),
        ("beach", PartKind.SCENE, False),
        ("without leash", PartKind.THING, True),
        ("taken in 2019", PartKind.FILTER, False),
    ]


def test_what_was_not_understood_is_a_part_too():
    parts = query_parts(PARSER.parse("zibble wobble dog"))
    assert [(p.text, p.kind) for p in parts] == [
        ("zibble wobble", PartKind.PLAIN),
        ("dog", PartKind.THING),
    ]


@pytest.mark.parametrize("text", ["dog", "a dog", "red umbrella", "The  Dog", "zibble", ""])
def test_no_parts_where_they_would_only_repeat_the_text(text):
    assert chips(text) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [("Katze", ["cat"]), ("two dogs", []), ("without people", ["without people"])],
)
def test_a_single_part_that_says_more_than_the_text_is_shown(text, parts):
    assert chips(text) == parts


@pytest.mark.parametrize(
    ("text", "part", "left"),
    [
        ("red umbrella on the beach", "beach", "red umbrella"),
        ("red umbrella on the beach", "red umbrella", "on the beach"),
        ("dog and frisbee", "frisbee", "dog"),
        ("dog and frisbee", "dog", "frisbee"),
        ("cat with a ball", "ball", "cat"),
        ("two dogs, a cat and a ball", "two dogs", "a cat and a ball"),
        ("two dogs, a cat and a ball", "cat", "two dogs and a ball"),
        ("two dogs, a cat and a ball", "ball", "two dogs, a cat"),
        ("dog without leash", "without leash", "dog"),
        ("-leash dog", "without leash", "dog"),
        ("dog in 2019 at night", "taken in 2019", "dog at night"),
        ("dog in folder:Summer type:raw", "in folder Summer", "dog type:raw"),
        ("dog in folder:Summer type:raw", "RAW files", "dog in folder:Summer"),
        ("dog zibble cat", "zibble", "dog, cat"),
        ("photo of a dog and a cat", "cat", "photo of a dog"),
        ('"red dog" house', "house", '"red dog"'),
        ("without people", "without people", ""),
        ("🐱 and dog", "cat", "dog"),
    ],
)
def test_a_part_goes_with_the_words_that_linked_it(text, part, left):
    plan = PARSER.parse(text)
    chosen = next(one for one in query_parts(plan) if one.text == part)
    assert text_without(plan, chosen) == left


@pytest.mark.parametrize(
    ("text", "part", "left"),
    [
        ("dog left of a cat", "dog left of cat", "dog, a cat"),
        ("dog left of a cat", "cat", "dog"),
        ("dog left of a cat", "dog", "a cat"),
        ("a dog that is sitting on a chair", "chair", "a dog"),
        ("a dog that is sitting on a chair", "dog on chair", "a dog, a chair"),
        ("a man holding an umbrella next to a car", "umbrella", "a man, a car"),
        ("ball between dog and cat", "ball", "dog and cat"),
        ("Katze und Hund auf dem Tisch", "cat", "Hund auf dem Tisch"),
        ("Katze und Hund auf dem Tisch", "table", "Katze und Hund"),
    ],
)
def test_a_thing_goes_with_its_relations_and_a_relation_leaves_its_things(text, part, left):
    plan = PARSER.parse(text)
    chosen = next(one for one in query_parts(plan) if one.text == part)
    assert text_without(plan, chosen) == left


def test_taking_out_every_part_one_by_one_ends_without_text():
    text = "two red dogs, a cat with a ball left of the tree on the beach without people in 2019"
    for _ in range(12):
        plan = PARSER.parse(text)
        parts = query_parts(plan) or query_parts_of_one(plan)
        left = text_without(plan, parts[0])
        assert len(left) < len(text)
        text = left
        if not text:
            break
    assert text == ""


def query_parts_of_one(plan: QueryPlan):
    """The parts of a plan whose only part repeats the text."""
    longer = QueryPlan(f"{plan.text} x", "", plan.things, plain=plan.plain)
    return query_parts(longer)


def test_spans_beyond_the_text_and_over_one_another_do_no_harm():
    thing, plain = Thing(("dog",), Span(0, 99)), PlainText("og", Span(1, 3))
    plan = QueryPlan("dog", "dog", (thing,), plain=(plain,))
    assert [text_without(plan, part) for part in query_parts(plan)] == ["", "d"]


def test_excluded_parts_are_known_by_their_place():
    plan = PARSER.parse("dog without leash")
    assert excluded_spans(plan) == {Span(4, 17)}
    assert excluded_spans(None) == frozenset()

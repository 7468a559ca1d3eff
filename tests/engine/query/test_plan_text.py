"""Plans in words for people."""

from __future__ import annotations

from datetime import date

import pytest

from engine.query.parser import QueryParser
from engine.query.plan_text import lines, part_text
from tests.fakes.query_vocabulary import SmallVocabulary

PARSER = QueryParser(SmallVocabulary(), today=lambda: date(2024, 10, 9))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 dogs", ["sentence: 2 dogs", "thing: two dogs"]),
        ("many people", ["sentence: many people", "thing: four or more people"]),
        ("exactly one cat", ["sentence: exactly one cat", "thing: exactly one cat"]),
        ("at most two cups of coffee", [
            "sentence: at most two cups of coffee", "thing: at most two cups of coffee",
        ]),
        ("without people", ["thing: without people"]),
        ("a dog or cat on the left", [
            "sentence: a dog or cat on the left", "thing: dog or cat on the left",
        ]),
        ("biggest boat", ["sentence: biggest boat", "thing: largest boat"]),
        ("ball left of dog", [
            "sentence: ball left of dog", "thing: ball", "relation: ball left of dog", "thing: dog",
        ]),
        ("beach, not from 2019", ["sentence: beach", "scene: beach", "filter: not taken in 2019"]),
        ("May 2019", ["filter: taken in May 2019"]),
        ("5 May 2019", ["filter: taken on 5 May 2019"]),
        ("before 2015", ["filter: taken until 31 December 2014"]),
        ("since March", ["filter: taken since 1 March 2024"]),
        ("last summer", ["filter: taken from June 2024 to August 2024"]),
        ("2015-2017", ["filter: taken in 2015 to 2017"]),
        ("added last week", ["filter: added from 30 September 2024 to 6 October 2024"]),
        ("taken at night", ["filter: taken between 21 and 6 o'clock"]),
        ("at 9 pm", ["filter: taken at 21 o'clock"]),
        ("folder:Holidays", ["filter: in folder Holidays"]),
        ("taken with Canon", ["filter: taken with Canon"]),
        ("no jpegs", ["filter: not JPEG files"]),
        ("portrait format", ["filter: portrait format"]),
        ("over 12 MP", ["filter: at least 12 megapixels"]),
        ("under 12 MP", ["filter: at most 12 megapixels"]),
        ("5 stars", ["filter: 5 stars"]),
        ("1 star", ["filter: 1 star"]),
        ("rating:2-4", ["filter: 2 to 4 stars"]),
        ("with cut-outs", ["filter: with cut-outs"]),
        ("lens:50mm", ["filter: lens 50mm"]),
        ('"black cat"', ["sentence: black cat", "plain text: “black cat”"]),
        ("roter Hund", ["sentence: red dog", "thing: red dog"]),
    ],
)  # fmt: skip
def test_lines(text: str, expected: list[str]):
    assert lines(PARSER.parse(text)) == expected


def test_relation_of_three():
    plan = PARSER.parse("dog between a cat and two trees")
    assert part_text(plan.relations[0], plan) == "dog between cat and two trees"

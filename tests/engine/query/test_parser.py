"""What holds for the plan of every text."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from engine.query.language_words import words_of
from engine.query.parser import QueryParser
from engine.query.tokens import folded, tokens_of
from engine.records import QueryPlan
from tests.engine.query.test_plans import PLANS, TABLE
from tests.fakes.query_vocabulary import SmallVocabulary

TODAY = date(2024, 10, 9)
PARSER = QueryParser(SmallVocabulary(), today=lambda: TODAY)
TEXTS = [text for text, _ in PLANS] + TABLE["plain"]
ODD = [
    "", " ", "\n\t", "\x00", "\ud83d", "-", "--", "- -dog", "\"", "\"\"", "\" \"", "“dog",
    "((dog))", "::", "folder:", "folder::", "type:", "a:b:c", "1/0/0", "0000-00-00",
    "99999999999999999999",
    "0 dogs", "999 weeks ago", "9999 years ago", "in the last 9999 years", "before 0001",
    "left of left of left of", "and and or or not not", "not not dog", "-----dog", "dog or or cat",
    "between between and and", "with with in hand", "of of of", "the the the", "in hand",
    "between a cat and", "dog between", "exactly", "at least at least 3", "3 3 3 dogs", "dog's's",
    "🐶🐱👩‍👩‍👧‍👦🏳️‍🌈🇩🇪", "мама мыла раму", "猫と犬", "كلب", "ǅ ﬁ ß İ", "e\u0301te\u0301 2020",
    "at 99 pm", "rated", "rated 9", "5 stars stars", "+", "3+", "3 + 3", "& & &", "mp 12",
    "12 mp mp", "taken taken with with canon", "shot", "last last last",
    "in in in 2019", "2019 2019", "2019-",
]  # fmt: skip
FUNCTION_KEYS = "definite indefinite and or with of copula ignored openings".split()


def function_words(language: str) -> set[str]:
    words = words_of(language)
    found = words.section("prepositions").words()
    for key in (*FUNCTION_KEYS, "scene_prepositions"):
        found |= words.table("function", key).words()
    return found


def uncovered(plan: QueryPlan) -> list[str]:
    """The tokens that are no punctuation, no function word, and in no part's span."""
    parts = [*plan.things, *plan.relations, *plan.scenes, *plan.filters, *plan.plain]
    allowed = function_words(plan.language)
    missing = []
    for token in tokens_of(plan.text):
        says = any(c.isalnum() for c in token.text) and folded(token.text) not in allowed
        inside = any(p.span.start <= token.start and token.end <= p.span.end for p in parts)
        if says and not inside:
            missing.append(token.text)
    return missing


def holds(plan: QueryPlan, text: str) -> None:
    assert plan.text == text
    assert uncovered(plan) == []
    parts = [*plan.things, *plan.relations, *plan.scenes, *plan.filters, *plan.plain]
    assert all(0 <= part.span.start < part.span.end <= len(text) for part in parts)
    for one in [*plan.things, *plan.scenes]:
        assert all(name and name == name.strip() for name in one.names)


@pytest.mark.parametrize("text", TEXTS + ODD)
def test_nothing_that_was_typed_is_lost(text: str):
    holds(PARSER.parse(text), text)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt", "nl"])
def test_any_words_in_any_order_give_a_plan(language: str):
    chance = random.Random(language)
    words = sorted(words_of(language).telling)
    words += [token for text in TEXTS for token in text.split()]
    words += [
        "-",
        "+",
        ",",
        '"',
        "-dog",
        "3",
        "2019",
        "?",
        "🐱",
        ":",
        "xyzzy",
        "(",
        ".",
        "dog",
        "cat",
    ]
    for _ in range(120):
        text = " ".join(chance.choices(words, k=chance.randint(1, 12)))
        holds(PARSER.parse(text), text)


def test_any_characters_give_a_plan():
    chance = random.Random(1)
    signs = "abcdeéß -\u2013—'’\"“„«»,;.:!?+&/()0123456789\n\t🐱\u200d\ufe0f\u0301猫"
    for _ in range(500):
        text = "".join(chance.choices(signs, k=chance.randint(0, 30)))
        assert PARSER.parse(text).text == text


def test_long_texts_give_a_plan_whose_end_is_plain():
    text = "a red dog on a sofa, " * 500
    plan = PARSER.parse(text)
    assert len(text) > 10_000
    assert plan.things[0].names == ("red dog",)
    assert len(plan.things) < 100
    assert plan.plain[-1].span.end == len(text.rstrip())
    assert PARSER.parse("x" * 10_000).plain[0].text == "x" * 10_000


@pytest.mark.parametrize(
    ("text", "language", "sentence"),
    [
        ("Two Dogs on the Beach", "en", "Two Dogs on the Beach"),
        ("red  umbrella,  beach", "en", "red umbrella, beach"),
        ("dog and cat, May 2019", "en", "dog and cat"),
        ("photos of dogs from 2019", "en", "photos of dogs"),
        ("photos from 2019", "en", ""),
        ("last summer", "en", ""),
        ("cat -dog", "en", "cat"),
        ("-dog", "en", ""),
        ("cat but not a dog", "en", "cat"),
        ("beach without people and cars", "en", "beach"),
        ("dog, no leash, frisbee", "en", "dog, frisbee"),
        ('a "black cat" poster', "en", "a black cat poster"),
        ("🐱 on a sofa", "en", "cat on a sofa"),
        ("largest dog on the left", "en", "largest dog on the left"),
        ("xyzzy", "en", "xyzzy"),
        ("roter Hund", "de", "red dog"),
        ("zwei schwarze Hunde am Strand ohne Leine", "de", "two black dogs at beach"),
        ("die Katze auf dem Sofa, 2019", "de", "the cat on the sofa"),
        ("Hund oder Katze", "de", "dog or cat"),
        ("Mann mit Hund links", "de", "man with dog on the left"),
        ("Hund zwischen zwei Bäumen", "de", "dog between two trees"),
        ("schwarzer Xyzzy mit Katze", "de", "black Xyzzy with cat"),
        ("chien rouge", "fr", "red dog"),
        ("une femme tenant un parapluie noir", "fr", "a woman holding a black umbrella"),
        ("perro sin correa en la playa", "es", "dog in the beach"),
        ("gatto sul divano", "it", "cat on sofa"),
        ("homem ao lado de um carro", "pt", "man next to a car"),
        ("hond naast een auto", "nl", "dog next to a car"),
    ],
)
def test_sentence(text: str, language: str, sentence: str):
    plan = PARSER.parse(text)
    assert plan.language == language
    assert plan.sentence == sentence


def test_spans_are_those_of_the_words():
    text = "two dogs on the beach without people, May 2019"
    plan = PARSER.parse(text)
    parts = [*plan.things, *plan.scenes, *plan.filters]
    assert [text[part.span.start : part.span.end] for part in parts] == [
        *("two dogs", "without people", "on the beach", "May 2019"),
    ]


def test_a_thing_takes_its_place_with_it():
    text = "a dog on the left and a cat"
    (dog, _) = PARSER.parse(text).things
    assert text[dog.span.start : dog.span.end] == "a dog on the left"


def test_dates_follow_the_day():
    later = QueryParser(SmallVocabulary(), today=lambda: date(2030, 1, 1))
    first = later.parse("last summer").filters[0].value
    assert str(first) != str(PARSER.parse("last summer").filters[0].value)
    assert later.parse("in 2029").filters
    assert not PARSER.parse("in 2029").filters


def test_importing_the_parser_imports_no_grammar():
    code = "import sys, engine.query.parser; print('lark' in sys.modules)"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "False"

"""Tokens of queries."""

from __future__ import annotations

import pytest

from engine.query.tokens import TokenKind, folded, tokens_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two dogs, 3 cats", ["Two", "dogs", ",", "3", "cats"]),
        ("cat -dog", ["cat", "-", "dog"]),
        ("t-shirt", ["t-shirt"]),
        ("dog's nose", ["dog's", "nose"]),
        ("l'arbre d'une", ["l'", "arbre", "d'", "une"]),
        ("aujourd'hui", ["aujourd'hui"]),
        ('a "black cat" poster', ["a", '"black cat"', "poster"]),
        ("2019-05-01 12/2018 2015-2017", ["2019-05-01", "12/2018", "2015", "-", "2017"]),
        ("3+ 9:30", ["3", "+", "9:30"]),
        ("👩‍👧🐱", ["👩‍👧", "🐱"]),
    ],
)
def test_parts(text: str, expected: list[str]):
    assert [token.text for token in tokens_of(text)] == expected


def test_only_a_hyphen_before_a_word_is_a_minus():
    kinds = [[t.kind for t in tokens_of(text)] for text in ("cat -dog", "cat - dog", "cat-dog")]
    assert [TokenKind.MINUS in found for found in kinds] == [True, False, False]


def test_places_are_those_in_the_text():
    text = "Über  die Straße"
    assert all(text[t.start : t.end] == t.text for t in tokens_of(text))


def test_folded():
    assert folded("Éte\u0301 ÜBER ß") == "ete uber ss"

"""English words: forms of verbs, plurals of names."""

from __future__ import annotations

import pytest

from engine.query.english_words import english_words, plural


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("red dog", "red dogs"),
        ("cup of coffee", "cups of coffee"),
        ("bus", "buses"),
        ("puppy", "puppies"),
        ("toy", "toys"),
        ("man", "men"),
    ],
)
def test_plural(name: str, expected: str):
    assert plural(name) == expected


@pytest.mark.parametrize(
    ("form", "lemma", "participle"),
    [
        ("sitting", "sit", True),
        ("flying", "fly", True),
        ("carried", "carry", True),
        ("lying", "lie", True),
        ("parked", "park", True),
        ("catches", "catch", False),
        ("flown", "flown", True),
    ],
)
def test_forms_of_verbs(form: str, lemma: str, participle: bool):
    found = english_words().verb_form(form)
    assert found is not None
    assert (found.lemma, found.participle) == (lemma, participle)


@pytest.mark.parametrize("word", ["building", "wedding", "dog", "park"])
def test_nouns_are_no_forms_of_verbs(word: str):
    assert english_words().verb_form(word) is None

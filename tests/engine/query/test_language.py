"""The language of a query, and the tables of all languages."""

from __future__ import annotations

import pytest

from engine.query.language import language_of
from engine.query.language_words import LANGUAGES, PhraseTable, words_of
from engine.query.tokens import tokens_of
from tests.fakes.query_vocabulary import SmallVocabulary


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("red umbrella on the beach", "en"),
        ("Katze", "de"),
        ("Hund mit Ball", "de"),
        ("chien rouge", "fr"),
        ("perro con pelota", "es"),
        ("cane sulla spiaggia", "it"),
        ("cão na praia", "pt"),
        ("hond met bal", "nl"),
        ("mei 2019", "nl"),
        ("", "en"),
        ("xyzzy", "en"),
        ("猫", "en"),
    ],
)
def test_language(text: str, language: str):
    assert language_of(tokens_of(text), SmallVocabulary()) == language


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_what_english_has(code: str):
    english, own = words_of("en"), words_of(code)
    for section in ("relations", "verb_relations", "places", "quantities", "sizes", "date_units"):
        assert set(own.keys(section)) == set(english.keys(section)), section
    for section in ("function", "counts", "dates", "filters", "hours"):
        assert set(own.keys(section)) <= {*english.keys(section), "square_whole"}, section
    assert len(set(own.numbered("dates", "months").words())) >= 12
    numbers = set(own.keys("numbers"))
    assert {str(number) for number in range(2, 13)} <= numbers


def test_the_longest_phrase_is_found():
    table = PhraseTable([("on", 1), ("on top of", 2)])
    assert table.match(tokens_of("On top of it"), 0) == (3, 2)
    assert table.match(tokens_of("on top"), 0) == (1, 1)
    assert table.match(tokens_of("top"), 0) == (0, None)


def test_accents_decide_between_phrases_that_differ_in_them_only():
    table = PhraseTable([("a", "article"), ("à", "at")])
    assert table.match(tokens_of("À"), 0) == (1, "at")
    assert table.match(tokens_of("a"), 0) == (1, "article")
    assert PhraseTable([("été", "summer")]).match(tokens_of("ete"), 0) == (1, "summer")

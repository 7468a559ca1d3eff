"""Corrections of misspelt words."""

from __future__ import annotations

import pytest

from engine.paths import resources_dir
from engine.words.lexicon import Lexicon
from engine.words.spelling import Spelling


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return Spelling(Lexicon.load(resources_dir() / "words"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *(("caat", "cat"), ("umbrela", "umbrella"), ("bycicle", "bicycle"), ("dgo", "dog")),
        *(("ktichen", "kitchen"), ("bannana", "banana"), ("zeebra", "zebra"), ("yelow", "yellow")),
        *(("motorcylce", "motorcycle"), ("elefant", "elephant"), ("girafe", "giraffe")),
        *(("hores", "horse"), ("tabel", "table"), ("refridgerator", "refrigerator")),
        *(("umbrelas", "umbrellas"), ("Kniife", "knife")),
    ],
)
def test_an_everyday_word_comes_first(spelling: Spelling, typed: str, meant: str):
    assert spelling.corrections(typed)[0] == meant


@pytest.mark.parametrize(
    ("language", "typed", "meant"),
    [
        *(("de", "regenschrim", "regenschirm"), ("de", "fahrad", "fahrrad")),
        *(
            ("fr", "paraplui", "parapluie"),
            ("es", "perrro", "perro"),
            ("nl", "olifannt", "olifant"),
        ),
        *(("it", "ombrelo", "ombrello"), ("pt", "cachoro", "cachorro")),
    ],
)
def test_other_languages(spelling: Spelling, language: str, typed: str, meant: str):
    assert spelling.corrections(typed, language)[0] == meant


@pytest.mark.parametrize("word", ["cat", "cats", "red", "dachshund", "orange"])
def test_known_words_have_no_corrections(spelling: Spelling, word: str):
    assert spelling.corrections(word) == []


@pytest.mark.parametrize("word", ["xqzt", "qwertzuiop", "", "a", "12", "x" * 31, "кошка"])
def test_nothing_near_no_corrections(spelling: Spelling, word: str):
    assert spelling.corrections(word) == []


def test_short_words_are_corrected_to_everyday_words_only(spelling: Spelling):
    assert set(spelling.corrections("kat", most=9)) <= {"cat", "bat", "rat", "mat", "hat", "kit"}


def test_no_more_than_asked_for(spelling: Spelling):
    assert len(spelling.corrections("caat", most=9)) > 1
    assert spelling.corrections("caat", most=1) == ["cat"]

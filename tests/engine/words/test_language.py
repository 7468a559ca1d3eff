"""Which language words are of."""

from __future__ import annotations

import pytest

from engine.paths import resources_dir
from engine.words.language import guess, knows_any
from engine.words.lexicon import Lexicon


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load(resources_dir() / "words")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *(("red dog", "en"), ("Katze", "de"), ("chien rouge", "fr"), ("le chat", "fr")),
        *(("perro sin correa", "es"), ("un gatto sul tavolo", "it"), ("oso de peluche", "es")),
        *(("een hond in de tuin", "nl"), ("guarda-chuva vermelho", "pt"), ("🐈", "en")),
    ],
)
def test_the_language_of_most_words(lexicon: Lexicon, text: str, language: str):
    assert guess(text.split(), lexicon) == language


def test_the_preferred_language_wins_a_tie(lexicon: Lexicon):
    assert guess(["boot"], lexicon) == "en"
    assert guess(["Boot"], lexicon, preferred="de") == "de"
    assert guess(["mesa"], lexicon, preferred="pt") == "pt"


@pytest.mark.parametrize("text", ["zzz qqq", "кошка", "собака бежит", "猫", ""])
def test_no_known_word_no_language(lexicon: Lexicon, text: str):
    assert guess(text.split(), lexicon) is None
    assert not knows_any(text.split(), lexicon)


def test_one_known_word_is_enough(lexicon: Lexicon):
    assert knows_any(["zzz", "Katze"], lexicon)
    assert knows_any(["🐈"], lexicon)

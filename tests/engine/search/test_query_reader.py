"""Texts become plans; what is misspelt is corrected where nothing else is known."""

from __future__ import annotations

import pytest

from engine.search.query_reader import QueryReader


@pytest.fixture(scope="module")
def reader() -> QueryReader:
    return QueryReader()


def names(reader: QueryReader, text: str) -> list[tuple[str, ...]]:
    return [thing.names for thing in reader.read(text).plan.things]


@pytest.mark.parametrize(
    ("text", "name"),
    [("Katze", "cat"), ("chien rouge", "red dog"), ("🐱", "cat"), ("two cats", "cat")],
)
def test_words_of_other_languages_and_emoji_name_things(reader, text: str, name: str) -> None:
    read = reader.read(text)
    assert names(reader, text) == [(name,)]
    assert read.note == "" and read.any_known


def test_a_word_with_a_typo_is_corrected_and_said_so(reader) -> None:
    read = reader.read("caat")
    assert names(reader, "caat") == [("cat",)]
    assert "caat" in read.note and "cat" in read.note


def test_a_typo_beside_something_known_is_left_as_it_is(reader) -> None:
    read = reader.read("dog caat")
    assert read.note == "" and ("dog",) in [thing.names for thing in read.plan.things]


def test_words_of_no_language_get_a_sentence(reader) -> None:
    read = reader.read("zxcvq qwrt")
    assert not read.any_known and "zxcvq qwrt" in read.note


def test_quoted_words_are_taken_as_they_are(reader) -> None:
    read = reader.read('"zxcvq"')
    assert read.any_known and read.note == ""

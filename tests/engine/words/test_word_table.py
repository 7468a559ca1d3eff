"""The file of words: what is read back, and damaged files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.query.vocabulary import Word, WordKind
from engine.training.words.word_entries import GIVEN_FORM, LEMMA, MADE_FORM, WordEntries
from engine.words.word_table import FILE_HEAD, Entry, Source, WordTable

CAT = Word("cat", WordKind.NOUN)
BENCH = Word("bench", WordKind.NOUN)


def table_of(entries: WordEntries, folder: Path) -> WordTable:
    path = folder / "words.txt.gz"
    path.write_bytes(entries.serialised())
    return WordTable(path)


def test_entries_are_read_back(tmp_path: Path):
    entries = WordEntries()
    entries.add("cat", "en", CAT, Source.EVERYDAY, LEMMA, 5)
    entries.add("Kätzin", "de", CAT, Source.EVERYDAY)
    entries.add("love", "en", None, Source.RARE)
    entries.add("zzz", "en", BENCH, Source.RARE)
    table = table_of(entries, tmp_path)
    assert table.entries("cat") == [Entry("en", Source.EVERYDAY, CAT, 5, exact=True)]
    assert table.entries("kätzin") == [Entry("de", Source.EVERYDAY, CAT, 0, exact=True)]
    assert table.entries("katzin") == [Entry("de", Source.EVERYDAY, CAT, 0, exact=False)]
    assert table.entries("love") == [Entry("en", Source.RARE, None, 0, exact=True)]
    assert [table.entries(key) for key in ("", "ca", "cats", "zzzz", "🐈")] == [[]] * 5
    assert table.everyday == {"en": frozenset({"cat"}), "de": frozenset({"kätzin"})}


def test_a_table_without_everyday_words(tmp_path: Path):
    entries = WordEntries()
    entries.add("aap", "nl", CAT, Source.RARE)
    table = table_of(entries, tmp_path)
    assert [entry.word for entry in table.entries("aap")] == [CAT]
    assert table.everyday == {}


def test_the_more_reliable_then_the_lemma_then_the_first_wins(tmp_path: Path):
    entries = WordEntries()
    entries.add("a", "de", CAT, Source.RARE, LEMMA)
    entries.add("a", "de", BENCH, Source.EVERYDAY, MADE_FORM)
    entries.add("b", "de", CAT, Source.EVERYDAY, GIVEN_FORM)
    entries.add("b", "de", BENCH, Source.EVERYDAY, LEMMA)
    entries.add("c", "de", BENCH, Source.EVERYDAY)
    entries.add("c", "de", CAT, Source.EVERYDAY)
    entries.add("bär", "de", CAT, Source.EVERYDAY)
    entries.add("bar", "de", BENCH, Source.EVERYDAY, MADE_FORM)
    table = table_of(entries, tmp_path)
    assert [table.entries(key)[0].word for key in ("a", "b", "c", "bar")] == [BENCH] * 4


def test_words_are_the_same_bytes_every_time():
    first, second = WordEntries(), WordEntries()
    for spelling in ("b", "a"):
        first.add(spelling, "en", CAT, Source.RARE)
    for spelling in ("a", "b"):
        second.add(spelling, "en", CAT, Source.RARE)
    assert first.serialised() == second.serialised()


@pytest.mark.parametrize(
    "content",
    [None, b"", b"no gzip", gzip.compress(b"other text\n"), gzip.compress(FILE_HEAD)],
    ids=["missing", "empty", "no gzip", "other", "cut off"],
)
def test_a_damaged_file_is_an_error_with_a_hint(tmp_path: Path, content: bytes | None):
    path = tmp_path / "words.txt.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EngineError) as caught:
        WordTable(path).entries("cat")
    assert caught.value.path == path
    assert caught.value.hint

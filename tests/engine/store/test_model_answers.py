"""What a model said is kept, found again, and goes with its photo."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from engine.paths import LibraryPaths
from engine.records import BoxXyxy, PhotoId
from engine.scoring.model_answer import ModelAnswer
from engine.store.model_answers import ModelAnswers
from engine.store.sqlite_file.database import Database
from engine.store.sqlite_store import SqliteStore

IndexAll = Callable[..., dict[str, int]]

POINTED = ModelAnswer(0.875, 0.75, (BoxXyxy(1.5, 2, 30, 40.25), BoxXyxy(0, 0, 5, 5)))


@pytest.fixture
def photo_id(store: SqliteStore, folder_id: int, index_all: IndexAll) -> PhotoId:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    return PhotoId(index_all()["a.jpg"])


@pytest.fixture
def db(paths: LibraryPaths, store: SqliteStore, photo_id: PhotoId) -> Iterator[Database]:
    """The file of the store, which is closed: only one may write."""
    store.close()
    opened = Database(paths.store)
    yield opened
    opened.close()


@pytest.mark.parametrize("look", [POINTED, ModelAnswer(0.1, 1.0, ()), ModelAnswer(0.5, 0.25, None)])
def test_an_answer_is_read_as_it_was_stored(
    store: SqliteStore, photo_id: PhotoId, look: ModelAnswer
) -> None:
    store.model_answers.put(photo_id, "red cup", "model", look)
    assert store.model_answers.get(photo_id, "red cup", "model") == look


def test_answers_are_kept_by_photo_query_and_model(store: SqliteStore, photo_id: PhotoId) -> None:
    store.model_answers.put(photo_id, "red cup", "model", POINTED)
    assert store.model_answers.get(PhotoId(photo_id + 1), "red cup", "model") is None
    assert store.model_answers.get(photo_id, "cup", "model") is None
    assert store.model_answers.get(photo_id, "red cup", "other model") is None


def test_white_space_makes_no_other_query_but_case_does(
    store: SqliteStore, photo_id: PhotoId
) -> None:
    store.model_answers.put(photo_id, " red\t cup\n", "model", POINTED)
    assert store.model_answers.get(photo_id, "red cup", "model") == POINTED
    assert store.model_answers.get(photo_id, "Red cup", "model") is None


def test_a_newer_answer_replaces_the_older(store: SqliteStore, photo_id: PhotoId) -> None:
    store.model_answers.put(photo_id, "cup", "model", ModelAnswer(0.1, 1.0))
    store.model_answers.put(photo_id, "cup", "model", POINTED)
    assert store.model_answers.get(photo_id, "cup", "model") == POINTED


def test_answers_are_there_after_reopening_and_for_readers(
    paths: LibraryPaths, store: SqliteStore, photo_id: PhotoId
) -> None:
    store.model_answers.put(photo_id, "cup", "model", POINTED)
    reader = SqliteStore.open(paths, read_only=True)
    try:
        assert reader.model_answers.get(photo_id, "cup", "model") == POINTED
        reader.model_answers.put(photo_id, "cup", "model", ModelAnswer(0.1, 1.0))
        assert reader.model_answers.get(photo_id, "cup", "model") == POINTED
    finally:
        reader.close()


def test_the_answers_about_a_photo_are_deleted_with_it(
    store: SqliteStore, folder_id: int, photo_id: PhotoId, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("b.jpg", 10, 1)])
    other = PhotoId(index_all()["b.jpg"])
    for one in (photo_id, other):
        store.model_answers.put(one, "cup", "model", POINTED)
    store.files.record_found(folder_id, [("a.jpg", 11, 2)])
    assert index_all({"a.jpg": b"other content"})["a.jpg"] != photo_id
    assert store.model_answers.get(photo_id, "cup", "model") is None
    assert store.model_answers.get(other, "cup", "model") == POINTED
    store.folders.mark_removed(folder_id)
    while store.folders.purge() is not None:
        pass
    assert store.model_answers.get(other, "cup", "model") is None
    assert store.faults() == ()


def test_an_answer_about_a_deleted_photo_is_not_stored(
    store: SqliteStore, photo_id: PhotoId
) -> None:
    gone = PhotoId(photo_id + 1)
    store.model_answers.put(gone, "cup", "model", POINTED)
    assert store.model_answers.get(gone, "cup", "model") is None
    assert store.faults() == ()


def test_the_oldest_answers_are_deleted_when_there_are_too_many(
    db: Database, photo_id: PhotoId
) -> None:
    few = ModelAnswers(db, read_only=False, most_rows=10)
    for i in range(10):
        few.put(photo_id, f"query {i}", "model", POINTED)
    few.put(photo_id, "query 0", "model", POINTED)  # seen anew, so not among the oldest
    assert all(few.get(photo_id, f"query {i}", "model") for i in range(10))
    few.put(photo_id, "query 10", "model", POINTED)
    kept = [i for i in range(11) if few.get(photo_id, f"query {i}", "model")]
    assert kept == [0, 7, 8, 9, 10]
    for i in range(11, 100):
        few.put(photo_id, f"query {i}", "model", POINTED)
    kept = [i for i in range(100) if few.get(photo_id, f"query {i}", "model")]
    assert len(kept) <= 10 and kept[-1] == 99


def test_a_full_disk_costs_only_the_stored_answer(
    db: Database, photo_id: PhotoId, caplog: pytest.LogCaptureFixture
) -> None:
    verdicts = ModelAnswers(db, read_only=False)
    long = ModelAnswer(0.5, 1.0, (BoxXyxy(0, 0, 0.123456789, 0.123456789),) * 2000)
    with db.writing() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with caplog.at_level(logging.INFO):
        verdicts.put(photo_id, "cup", "model", long)
    assert "disk is full" in caplog.text
    assert verdicts.get(photo_id, "cup", "model") is None
    verdicts.put(photo_id, "cup", "model", POINTED)
    assert verdicts.get(photo_id, "cup", "model") == POINTED


@pytest.mark.parametrize("columns", ["yes = 7", "boxes_json = '[[1, 2'", "boxes_json = '[[1, 2]]'"])
def test_an_unreadable_answer_counts_as_missing(
    db: Database, photo_id: PhotoId, columns: str
) -> None:
    verdicts = ModelAnswers(db, read_only=False)
    verdicts.put(photo_id, "cup", "model", POINTED)
    with db.writing() as connection:
        connection.execute(f"UPDATE looks SET {columns}")
    assert verdicts.get(photo_id, "cup", "model") is None

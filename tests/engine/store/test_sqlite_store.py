"""What only the SQLite store has: the writer's lock, and repair of a damaged file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import FolderProblem, LibraryInUse
from engine.paths import LibraryPaths
from engine.store.sqlite_store import SqliteStore

IndexAll = Callable[..., dict[str, int]]


def test_a_second_writer_is_refused_and_a_reader_is_not(
    paths: LibraryPaths, store: SqliteStore
) -> None:
    with pytest.raises(LibraryInUse):
        SqliteStore.open(paths)
    reader = SqliteStore.open(paths, read_only=True)
    assert reader.folders.paths() == {}
    reader.close()


def test_the_lock_is_free_after_closing(paths: LibraryPaths) -> None:
    SqliteStore.open(paths).close()
    SqliteStore.open(paths).close()


def test_reading_a_library_that_is_not_there(paths: LibraryPaths) -> None:
    with pytest.raises(FolderProblem):
        SqliteStore.open(paths, read_only=True)
    assert not paths.root.exists()


def test_a_library_cannot_be_made_where_a_file_lies(tmp_path: Path) -> None:
    (tmp_path / "library").write_text("a file")
    with pytest.raises(FolderProblem):
        SqliteStore.open(LibraryPaths(tmp_path / "library"))


def test_wrong_counters_are_found_and_put_right(
    store: SqliteStore, paths: LibraryPaths, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    index_all()
    store.close()
    connection = sqlite3.connect(paths.store)
    connection.execute("UPDATE file_counts SET n = 99")
    connection.commit()
    connection.close()
    again = SqliteStore.open(paths)
    try:
        assert again.counts.totals(profile_id).photos >= 99
        assert again.counts.repair() == ("file_counts",)
        assert again.counts.totals(profile_id).photos == 1
        assert again.counts.repair() == ()
    finally:
        again.close()


def test_violated_constraints_are_reported(
    store: SqliteStore, paths: LibraryPaths, folder_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    index_all()
    assert store.faults() == ()
    store.close()
    connection = sqlite3.connect(paths.store)
    connection.execute("UPDATE region_blocks SET regions = 1")
    connection.execute("DELETE FROM files")
    connection.execute("UPDATE indexings SET level = 'coarse'")
    connection.commit()
    connection.close()
    again = SqliteStore.open(paths)
    try:
        text = " ".join(again.faults())
        assert "regions" in text and "no file" in text and "nobody looked" in text
    finally:
        again.close()

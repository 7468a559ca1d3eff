"""Backups of an open library: by themselves once a day, while everything else goes on."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import BadRequest, DiskFull, StoreDamaged
from engine.jobs import JobContext
from engine.library import Library, restoring
from engine.library.components import LibraryComponents
from engine.records import BackupKind
from engine.store.sqlite_store import SqliteStore
from tests.fakes import synthetic_photos

from .conftest import PATIENCE_S, found, names, wait_until

Open = Callable[..., Library]


@pytest.fixture
def filled(library: Library, photos: Path) -> Library:
    """A red and a blue photo, indexed."""
    synthetic_photos.photo(photos / "red.jpg", "red", seed=1)
    synthetic_photos.photo(photos / "blue.jpg", "blue", seed=2)
    library.folders.add(photos)
    library.indexing.start().result(PATIENCE_S)
    return library


def test_one_is_made_a_day_once_folders_are_watched(filled: Library, photos: Path) -> None:
    assert filled.backups.all() == ()
    filled.folders.start_watching()
    wait_until(lambda: len(filled.backups.all()) == 1, "backed up")
    assert filled.backups.start_if_due() is None
    (made,) = filled.backups.all()
    made.path.rename(made.path.with_name("whole-2026-01-02-030405.sqlite"))
    synthetic_photos.photo(photos / "green.jpg", "green", seed=3)
    wait_until(lambda: len(filled.backups.all()) == 2, "backed up after a rescan a day later")
    assert {backup.kind for backup in filled.backups.all()} == {BackupKind.WHOLE}


def test_an_empty_library_is_not_backed_up(library: Library) -> None:
    assert library.backups.start_if_due() is None


def test_searches_and_edits_go_on_while_one_is_made(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Called between two steps of the copy, in the thread that makes it."""
    seen = []

    def meanwhile(self: LibraryComponents, context: JobContext) -> None:
        seen.append(names(found(filled, "red")))
        filled.edits.judge([filled.photos.page()[0].id], "red", match=None)

    monkeypatch.setattr(LibraryComponents, "give_way", meanwhile)
    filled.backups.make().result(PATIENCE_S)
    assert seen and all(hits == ["red.jpg"] for hits in seen)


def test_closing_ends_a_backup_without_a_trace(
    filled: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    began = []
    give_way = LibraryComponents.give_way

    def hold(self: LibraryComponents, context: JobContext) -> None:
        began.append(True)
        context.cancel.wait(PATIENCE_S)
        give_way(self, context)

    monkeypatch.setattr(LibraryComponents, "give_way", hold)
    job = filled.backups.make()
    wait_until(lambda: bool(began), "copying")
    filled.close()
    assert job.state == "cancelled"
    assert list((tmp_path / "library" / "backups").iterdir()) == []


def test_the_status_says_why_there_is_none(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DiskFull("The disk is full.", operation="writing")

    with monkeypatch.context() as patch:
        patch.setattr(SqliteStore, "copy", full)
        with pytest.raises(DiskFull):
            filled.backups.make().result(PATIENCE_S)
        assert "no room for a backup" in filled.status().note
    filled.backups.make().result(PATIENCE_S)
    assert filled.status().note == ""


def test_a_library_that_became_damaged_is_told_and_restored(
    filled: Library, open_library: Open, tmp_path: Path
) -> None:
    filled.backups.make().result(PATIENCE_S)
    filled.close()
    store = tmp_path / "library" / "library.sqlite"
    spoil_index(store, "photos_added")
    library = open_library()
    with pytest.raises(StoreDamaged):
        library.backups.make().result(PATIENCE_S)
    assert "last backup back" in library.status().note
    library.close()
    with pytest.raises(StoreDamaged, match="found damaged"):
        open_library()
    restoring.restore(tmp_path / "library")
    assert names(found(open_library(), "red")) == ["red.jpg"]


def spoil_index(store: Path, name: str) -> None:
    connection = sqlite3.connect(store)
    query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
    page = connection.execute(query, (name,)).fetchone()[0]
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    with open(store, "rb+") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def test_a_reader_makes_none(filled: Library, open_library: Open) -> None:
    reader = open_library(read_only=True)
    assert reader.backups.start_if_due() is None
    with pytest.raises(BadRequest):
        reader.backups.make()


def test_the_files_of_a_backup_are_enough_for_another_computer(
    filled: Library, open_library: Open, tmp_path: Path
) -> None:
    made = filled.backups.make().result(PATIENCE_S)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "backups").mkdir(parents=True)
    shutil.copy(made.path, elsewhere / "backups")
    with pytest.raises(StoreDamaged, match="gone"):
        open_library(root=elsewhere)
    restoring.restore(elsewhere)
    assert names(found(open_library(root=elsewhere), "blue")) == ["blue.jpg"]

"""New, current, old, too new, and foreign files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Migrations

from engine.errors import StoreDamaged, StoreTooNew
from engine.paths import LibraryPaths
from engine.store import migrations
from engine.store.migrations import APPLICATION_ID, MIGRATIONS, migrate
from engine.store.store import Store


def newer(fail: bool = False) -> Migrations:
    """The product's migrations and one more."""
    made = Migrations(MIGRATIONS.name)
    made(name="m0001_library")(migrations.m0001_library)

    @made()
    def m0002_add_stars(db) -> None:
        db.execute("ALTER TABLE photos ADD COLUMN stars INTEGER")
        if fail:
            raise ZeroDivisionError

    return made


def tables(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    try:
        return dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
    finally:
        connection.close()


def test_a_new_file_is_marked_as_ours(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    migrate(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    connection.close()
    assert {"folders", "files", "photos", "regions", "failures"} <= set(tables(path))


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    migrate(path)
    before = path.read_bytes()
    migrate(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.sqlite"]


def test_an_older_file_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    migrate(path)
    migrate(path, newer())
    assert "stars" in tables(path)["photos"]
    copy = tmp_path / "a.sqlite.before-m0002_add_stars"
    assert "stars" not in tables(copy)["photos"]


def test_a_failing_migration_leaves_the_old_schema(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    migrate(path)
    with pytest.raises(ZeroDivisionError):
        migrate(path, newer(fail=True))
    assert "stars" not in tables(path)["photos"]
    migrate(path, newer())
    assert "stars" in tables(path)["photos"]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_library_is_refused(paths: LibraryPaths, read_only: bool) -> None:
    Store.open(paths).close()
    migrate(paths.store, newer())
    with pytest.raises(StoreTooNew):
        Store.open(paths, read_only=read_only)
    with pytest.raises(StoreTooNew):  # the refusal holds no lock
        Store.open(paths)


def test_somebody_elses_database_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes(name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="not made by Pickout"):
        migrate(path)
    assert path.read_bytes() == before


def test_every_migration_is_told_of_in_the_schema_log() -> None:
    log = Path(migrations.__file__).with_name("SCHEMA.md").read_text(encoding="utf-8")
    for name in migrations._known(MIGRATIONS):
        assert name in log

"""One writer, readers that cannot write, errors that people understand."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from engine.errors import DiskFull, StoreDamaged
from engine.store.migrations import migrate
from engine.store.sqlite_file.database import Database, meaning


@pytest.fixture
def db(tmp_path: Path):
    opened = Database(tmp_path / "odd name #1 100% ?.sqlite")
    with opened.writing() as connection:
        connection.execute("CREATE TABLE things(n INTEGER)")
    yield opened
    opened.close()


def count(db: Database) -> int:
    with db.reading() as connection:
        return connection.execute("SELECT count(*) FROM things").fetchone()[0]


def test_a_failing_block_leaves_nothing(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.writing() as connection:  # noqa: PT012 - rolls back
        connection.execute("INSERT INTO things VALUES (1)")
        raise ZeroDivisionError
    assert count(db) == 0


def test_readers_cannot_write_nor_checkpoint(db: Database) -> None:
    with db.reading() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("INSERT INTO things VALUES (1)")
    with db.reading() as connection:
        assert connection.execute("PRAGMA query_only").fetchone()[0] == 1
        assert connection.execute("PRAGMA mmap_size").fetchone() in (None, (0,))


def test_a_reader_sees_one_moment_while_another_thread_writes(db: Database) -> None:
    def write() -> None:
        with db.writing() as connection:
            connection.execute("INSERT INTO things VALUES (1)")

    with db.reading() as connection:
        before = connection.execute("SELECT count(*) FROM things").fetchone()
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert connection.execute("SELECT count(*) FROM things").fetchone() == before == (0,)
    assert count(db) == 1


def test_closing_leaves_one_file_and_ends_all_use(tmp_path: Path) -> None:
    db = Database(tmp_path / "a.sqlite")
    with db.writing() as connection:
        connection.execute("CREATE TABLE things(n INTEGER)")
    db.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.sqlite"]
    with pytest.raises(RuntimeError, match="closed"), db.reading():
        pass
    with pytest.raises(RuntimeError, match="closed"), db.writing():
        pass


def test_reading_only_opens_no_writer(tmp_path: Path, db: Database) -> None:
    reader = Database(db.path, read_only=True)
    with db.writing() as connection:
        connection.execute("INSERT INTO things VALUES (7)")
    assert count(reader) == 1
    with pytest.raises(RuntimeError, match="reading only"), reader.writing():
        pass
    reader.close()


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"this is a letter to my aunt" * 100)
    with pytest.raises(StoreDamaged) as caught:
        Database(path)
    assert caught.value.path == path and caught.value.hint


def test_a_full_database_is_a_full_disk_and_loses_nothing(db: Database) -> None:
    with db.writing() as connection:
        connection.execute("INSERT INTO things VALUES (1)")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(DiskFull), db.writing() as connection:
        connection.executemany("INSERT INTO things VALUES (?)", [(i,) for i in range(100_000)])
    assert count(db) == 1
    with db.writing() as connection:  # and it goes on
        connection.execute("INSERT INTO things VALUES (2)")
    assert count(db) == 2


def test_a_mistake_in_the_code_stays_one() -> None:
    assert meaning(sqlite3.ProgrammingError("near FROM"), "testing", Path("x")) is None


def test_a_text_that_is_none_any_more_is_damage(db: Database) -> None:
    with db.writing() as connection:
        connection.execute("CREATE TABLE texts(t TEXT)")
        connection.execute("INSERT INTO texts VALUES (CAST(x'61ff' AS TEXT))")
    with pytest.raises(StoreDamaged, match="damaged"), db.reading() as connection:
        connection.execute("SELECT t FROM texts").fetchall()
    assert db.path.with_suffix(".damaged").exists()


def test_a_schema_that_is_no_text_is_damage(tmp_path: Path) -> None:
    """SQLite's message quotes what it cannot read, and Python cannot decode that."""
    path = tmp_path / "a.sqlite"
    migrate(path)
    content = path.read_bytes()
    assert content.count(b"CREATE TABLE photos(") == 1
    path.write_bytes(content.replace(b"CREATE TABLE photos(", b"CREATE TA\xccLE photos("))
    with pytest.raises(StoreDamaged, match="damaged"):
        migrate(path)

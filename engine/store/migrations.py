"""The versions of the schema, in order, and how a file gets to the newest one.

``SCHEMA.md`` tells what each version is for. A migration is never changed once it is released.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from sqlite_utils import Database as UtilsDatabase
from sqlite_utils import Migrations

from engine.errors import StoreDamaged, StoreTooNew
from engine.store.database import BUSY_TIMEOUT_S, translated

APPLICATION_ID = 0x5049434B
"""``PICK`` in ASCII: marks an SQLite file as a library of ours."""

MIGRATIONS = Migrations("pickout")


def _counted(row: str, sign: str) -> str:
    """Trigger statements that add or take ``row`` (NEW or OLD) to or from the counters."""
    return f"""
        INSERT INTO file_counts(folder_id, state, n)
            VALUES ({row}.folder_id, {row}.state, {sign}1)
            ON CONFLICT DO UPDATE SET n = n + excluded.n;
        INSERT INTO ready_counts(folder_id, profile_id, n)
            SELECT {row}.folder_id, profile_id, {sign}1 FROM indexings
            WHERE photo_id = {row}.photo_id AND {row}.state = 'ready'
            ON CONFLICT DO UPDATE SET n = n + excluded.n;
    """


def _counted_photo(row: str, sign: str) -> str:
    return f"""
        INSERT INTO profile_counts(profile_id, photos, things)
            VALUES ({row}.profile_id, {sign}1, {sign}{row}.things)
            ON CONFLICT DO UPDATE SET
                photos = photos + excluded.photos, things = things + excluded.things;
        INSERT INTO ready_counts(folder_id, profile_id, n)
            SELECT folder_id, {row}.profile_id, {sign}count(*) FROM files
            WHERE photo_id = {row}.photo_id AND state = 'ready' AND missing_since IS NULL
            GROUP BY folder_id
            ON CONFLICT DO UPDATE SET n = n + excluded.n;
    """


_M0001 = f"""
CREATE TABLE folders(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    online INTEGER NOT NULL DEFAULT 1,
    added_at TEXT NOT NULL,
    last_scan_at TEXT,
    removed_at TEXT
);
CREATE UNIQUE INDEX folders_path ON folders(path) WHERE removed_at IS NULL;

CREATE TABLE photos(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    content_hash BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    width_px INTEGER NOT NULL CHECK(width_px > 0),
    height_px INTEGER NOT NULL CHECK(height_px > 0),
    taken_at TEXT,
    camera TEXT,
    dated_at TEXT NOT NULL,
    added_at TEXT NOT NULL,
    UNIQUE(content_hash, size_bytes)
);
CREATE INDEX photos_dated ON photos(dated_at DESC, id DESC);

CREATE TABLE files(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folders(id),
    rel_path TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    photo_id INTEGER REFERENCES photos(id),
    state TEXT NOT NULL DEFAULT 'pending' CHECK(state IN ('pending', 'ready', 'failed')),
    missing_since TEXT,
    UNIQUE(folder_id, rel_path),
    CHECK(state <> 'ready' OR photo_id IS NOT NULL)
);
CREATE INDEX files_photo ON files(photo_id) WHERE photo_id IS NOT NULL;
CREATE INDEX files_work ON files(state, mtime_ns DESC, id DESC) WHERE missing_since IS NULL;

CREATE TABLE profiles(
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    ndim INTEGER NOT NULL,
    description TEXT NOT NULL
);

CREATE TABLE indexings(
    photo_id INTEGER NOT NULL REFERENCES photos(id),
    profile_id INTEGER NOT NULL REFERENCES profiles(id),
    level TEXT NOT NULL,
    things INTEGER NOT NULL,
    indexed_at TEXT NOT NULL,
    PRIMARY KEY(photo_id, profile_id)
) WITHOUT ROWID;

CREATE TABLE regions(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    photo_id INTEGER NOT NULL,
    profile_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK(kind IN ('whole', 'thing')),
    x0 REAL NOT NULL, y0 REAL NOT NULL, x1 REAL NOT NULL, y1 REAL NOT NULL,
    area_fraction REAL NOT NULL,
    mask_score REAL NOT NULL,
    rle_h INTEGER, rle_w INTEGER, rle BLOB,
    vector BLOB NOT NULL,
    FOREIGN KEY(photo_id, profile_id) REFERENCES indexings(photo_id, profile_id),
    CHECK(x1 >= x0 AND y1 >= y0),
    CHECK(kind = 'whole' OR rle IS NOT NULL)
);
CREATE INDEX regions_photo ON regions(photo_id, profile_id);

CREATE TABLE failures(
    file_id INTEGER PRIMARY KEY REFERENCES files(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL,
    stage TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    happened_at TEXT NOT NULL
);

CREATE TABLE skips(
    folder_id INTEGER NOT NULL REFERENCES folders(id),
    rel_path TEXT NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL,
    happened_at TEXT NOT NULL,
    PRIMARY KEY(folder_id, rel_path)
) WITHOUT ROWID;

CREATE TABLE file_counts(
    folder_id INTEGER NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY(folder_id, state)
) WITHOUT ROWID;
CREATE TABLE ready_counts(
    folder_id INTEGER NOT NULL, profile_id INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY(folder_id, profile_id)
) WITHOUT ROWID;
CREATE TABLE profile_counts(
    profile_id INTEGER PRIMARY KEY, photos INTEGER NOT NULL, things INTEGER NOT NULL
);

CREATE TRIGGER files_in AFTER INSERT ON files WHEN NEW.missing_since IS NULL
BEGIN {_counted("NEW", "+")} END;
CREATE TRIGGER files_out AFTER DELETE ON files WHEN OLD.missing_since IS NULL
BEGIN {_counted("OLD", "-")} END;
CREATE TRIGGER files_from AFTER UPDATE OF folder_id, state, photo_id, missing_since ON files
    WHEN OLD.missing_since IS NULL
BEGIN {_counted("OLD", "-")} END;
CREATE TRIGGER files_to AFTER UPDATE OF folder_id, state, photo_id, missing_since ON files
    WHEN NEW.missing_since IS NULL
BEGIN {_counted("NEW", "+")} END;
CREATE TRIGGER indexings_in AFTER INSERT ON indexings BEGIN {_counted_photo("NEW", "+")} END;
CREATE TRIGGER indexings_out AFTER DELETE ON indexings BEGIN {_counted_photo("OLD", "-")} END;
"""


@MIGRATIONS()
def m0001_library(db: UtilsDatabase) -> None:
    """Folders, files, photos, regions with vectors, failures, and the counters over them."""
    _run_script(db.conn, _M0001)


def _counted_by_level(row: str, sign: str) -> str:
    """As ``_counted``, with the photos indexed in full."""
    return f"""
        INSERT INTO file_counts(folder_id, state, n)
            VALUES ({row}.folder_id, {row}.state, {sign}1)
            ON CONFLICT DO UPDATE SET n = n + excluded.n;
        INSERT INTO ready_counts(folder_id, profile_id, n, outlined)
            SELECT {row}.folder_id, profile_id, {sign}1, {sign}(level = 'full') FROM indexings
            WHERE photo_id = {row}.photo_id AND {row}.state = 'ready'
            ON CONFLICT DO UPDATE SET
                n = n + excluded.n, outlined = outlined + excluded.outlined;
    """


def _counted_photo_by_level(row: str, sign: str) -> str:
    return f"""
        INSERT INTO profile_counts(profile_id, photos, things)
            VALUES ({row}.profile_id, {sign}1, {sign}{row}.things)
            ON CONFLICT DO UPDATE SET
                photos = photos + excluded.photos, things = things + excluded.things;
        INSERT INTO ready_counts(folder_id, profile_id, n, outlined)
            SELECT folder_id, {row}.profile_id, {sign}count(*),
                {sign}count(*) * ({row}.level = 'full') FROM files
            WHERE photo_id = {row}.photo_id AND state = 'ready' AND missing_since IS NULL
            GROUP BY folder_id
            ON CONFLICT DO UPDATE SET
                n = n + excluded.n, outlined = outlined + excluded.outlined;
    """


_M0002 = f"""
ALTER TABLE ready_counts ADD COLUMN outlined INTEGER NOT NULL DEFAULT 0;
UPDATE ready_counts SET outlined = n;

CREATE TABLE paces(
    profile_id INTEGER NOT NULL REFERENCES profiles(id),
    level TEXT NOT NULL,
    per_second REAL NOT NULL,
    PRIMARY KEY(profile_id, level)
) WITHOUT ROWID;

DROP TRIGGER files_in;
DROP TRIGGER files_out;
DROP TRIGGER files_from;
DROP TRIGGER files_to;
DROP TRIGGER indexings_in;
DROP TRIGGER indexings_out;

CREATE TRIGGER files_in AFTER INSERT ON files WHEN NEW.missing_since IS NULL
BEGIN {_counted_by_level("NEW", "+")} END;
CREATE TRIGGER files_out AFTER DELETE ON files WHEN OLD.missing_since IS NULL
BEGIN {_counted_by_level("OLD", "-")} END;
CREATE TRIGGER files_from AFTER UPDATE OF folder_id, state, photo_id, missing_since ON files
    WHEN OLD.missing_since IS NULL
BEGIN {_counted_by_level("OLD", "-")} END;
CREATE TRIGGER files_to AFTER UPDATE OF folder_id, state, photo_id, missing_since ON files
    WHEN NEW.missing_since IS NULL
BEGIN {_counted_by_level("NEW", "+")} END;
CREATE TRIGGER indexings_in AFTER INSERT ON indexings
BEGIN {_counted_photo_by_level("NEW", "+")} END;
CREATE TRIGGER indexings_out AFTER DELETE ON indexings
BEGIN {_counted_photo_by_level("OLD", "-")} END;
"""


@MIGRATIONS()
def m0002_levels(db: UtilsDatabase) -> None:
    """Counters tell photos indexed in full from those that a coarse look made searchable; how
    fast each pass was is remembered."""
    _run_script(db.conn, _M0002)


_M0003 = """
CREATE TABLE looks(
    photo_id INTEGER NOT NULL REFERENCES photos(id),
    query TEXT NOT NULL,
    model_key TEXT NOT NULL,
    yes REAL NOT NULL,
    mass REAL NOT NULL,
    boxes_json TEXT,
    seen_at TEXT NOT NULL,
    PRIMARY KEY(photo_id, query, model_key)
);
"""


@MIGRATIONS()
def m0003_looks(db: UtilsDatabase) -> None:
    """What a language model said of a photo is kept."""
    _run_script(db.conn, _M0003)


def migrate(path: Path, migrations: Migrations = MIGRATIONS) -> None:
    """Bring the file to the newest schema, making it if it is not there.

    Each migration is one transaction: a kill leaves the old version or the new one. Before an
    existing library is changed, a copy is put beside it as ``<name>.before-<migration>``.

    Raises:
        StoreTooNew: a newer Pickout has written it.
        StoreDamaged: it is not an SQLite file, or not one of ours.
        DiskFull: no room for the copy or the change.
    """
    with translated("opening the library", path):
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)
        try:
            connection.execute("PRAGMA mmap_size = 0")
            _bring_up(connection, path, migrations)
        finally:
            connection.close()


def refuse_newer(
    connection: sqlite3.Connection, path: Path, migrations: Migrations = MIGRATIONS
) -> None:
    """Read who wrote the file.

    Raises:
        StoreTooNew, StoreDamaged: as for ``migrate``.
    """
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if mark != APPLICATION_ID and (mark or tables):
        raise StoreDamaged(
            "This database was not made by Pickout.",
            operation="opening the library",
            path=path,
            hint="Choose another folder for the library.",
        )
    if not _applied(connection, migrations.name) <= _known(migrations):
        raise StoreTooNew(
            "This library was written by a newer version of Pickout.",
            operation="opening the library",
            path=path,
            hint="Install the newest version, or choose another library.",
        )


def is_current(connection: sqlite3.Connection, migrations: Migrations = MIGRATIONS) -> bool:
    """Whether nothing is left to migrate."""
    return _known(migrations) <= _applied(connection, migrations.name)


def _bring_up(connection: sqlite3.Connection, path: Path, migrations: Migrations) -> None:
    refuse_newer(connection, path, migrations)
    if is_current(connection, migrations):
        return
    db = UtilsDatabase(connection)
    applied = _applied(connection, migrations.name)
    if applied:
        _copy_aside(connection, path, migrations.pending(db)[0].name)
    else:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    migrations.apply(db)


def _known(migrations: Migrations) -> set[str]:
    """All names of the set: what would be pending for a file that has nothing yet."""
    db = UtilsDatabase(memory=True)
    try:
        return {migration.name for migration in migrations.pending(db)}
    finally:
        db.close()


def _applied(connection: sqlite3.Connection, name: str) -> set[str]:
    exists = connection.execute(
        "SELECT 1 FROM sqlite_schema WHERE name = ?", (Migrations.migrations_table,)
    ).fetchone()
    if not exists:
        return set()
    query = f"SELECT name FROM {Migrations.migrations_table} WHERE migration_set = ?"
    return {row[0] for row in connection.execute(query, (name,))}


def _copy_aside(connection: sqlite3.Connection, path: Path, before: str) -> None:
    """A whole copy under its final name, or none."""
    fresh = path.with_name(f"{path.name}.copying")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    copy = sqlite3.connect(fresh)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    os.replace(fresh, path.with_name(f"{path.name}.before-{before}"))


def _run_script(connection: sqlite3.Connection, script: str) -> None:
    """Statement by statement, because ``executescript`` would commit the open transaction."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""

"""The versions of the schema, in order.

``SCHEMA.md`` tells what each version is for. A migration is never changed once it is released.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database as UtilsDatabase
from sqlite_utils import Migrations

from engine.store.blocks import regions_to_blocks

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


_M0004 = """
ALTER TABLE files ADD COLUMN directory TEXT
    GENERATED ALWAYS AS (rtrim(rel_path, replace(rel_path, '/', ''))) VIRTUAL;
ALTER TABLE files ADD COLUMN suffix TEXT
    GENERATED ALWAYS AS
    (lower(substr(rel_path, length(rtrim(rel_path, replace(rel_path, '.', ''))) + 1))) VIRTUAL;
CREATE INDEX files_directory ON files(folder_id, directory, photo_id);
CREATE INDEX files_suffix ON files(suffix, photo_id);
CREATE INDEX photos_taken ON photos(taken_at) WHERE taken_at IS NOT NULL;
CREATE INDEX photos_camera ON photos(camera) WHERE camera IS NOT NULL;
CREATE INDEX photos_added ON photos(added_at);
"""


@MIGRATIONS()
def m0004_filters(db: UtilsDatabase) -> None:
    """What filters compare can be looked up: folder and suffix of files, time and camera."""
    _run_script(db.conn, _M0004)


_M0005 = """
CREATE TABLE region_blocks(
    last_id INTEGER PRIMARY KEY AUTOINCREMENT,
    photo_id INTEGER NOT NULL,
    profile_id INTEGER NOT NULL,
    regions INTEGER NOT NULL CHECK(regions > 0),
    block BLOB NOT NULL,
    masks BLOB NOT NULL,
    UNIQUE(photo_id, profile_id),
    FOREIGN KEY(photo_id, profile_id) REFERENCES indexings(photo_id, profile_id)
);
CREATE INDEX region_spans ON region_blocks(last_id, regions, photo_id, profile_id);
"""


@MIGRATIONS()
def m0005_blocks(db: UtilsDatabase) -> None:
    """What was a row for each region is one for each photo, half as large."""
    _run_script(db.conn, _M0005)
    regions_to_blocks.convert(db.conn)
    db.conn.execute("DROP TABLE regions")


_M0006 = """
ALTER TABLE photos ADD COLUMN taken_until TEXT;
ALTER TABLE photos ADD COLUMN lens TEXT;
ALTER TABLE photos ADD COLUMN rating INTEGER;
ALTER TABLE photos ADD COLUMN latitude REAL;
ALTER TABLE photos ADD COLUMN longitude REAL;
ALTER TABLE photos ADD COLUMN details TEXT;
CREATE INDEX photos_lens ON photos(lens) WHERE lens IS NOT NULL;
CREATE INDEX photos_rating ON photos(rating) WHERE rating IS NOT NULL;
CREATE INDEX photos_located ON photos(latitude) WHERE latitude IS NOT NULL;

CREATE TABLE photo_terms(
    kind TEXT NOT NULL,
    term TEXT NOT NULL,
    photo_id INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
    PRIMARY KEY(kind, term, photo_id)
) WITHOUT ROWID;
CREATE INDEX photo_terms_photo ON photo_terms(photo_id);

CREATE TABLE sidecars(
    file_id INTEGER PRIMARY KEY REFERENCES files(id) ON DELETE CASCADE,
    version TEXT NOT NULL
);
CREATE TABLE metadata_due(
    file_id INTEGER PRIMARY KEY REFERENCES files(id) ON DELETE CASCADE
);
INSERT INTO metadata_due SELECT id FROM files WHERE state = 'ready';
"""

_M0007 = """
ALTER TABLE folders ADD COLUMN volume TEXT;
ALTER TABLE folders ADD COLUMN lacking INTEGER NOT NULL DEFAULT 0;
ALTER TABLE folders ADD COLUMN rules TEXT NOT NULL DEFAULT '';
ALTER TABLE folders ADD COLUMN unread_json TEXT NOT NULL DEFAULT '{}';
ALTER TABLE folders ADD COLUMN mounts_json TEXT NOT NULL DEFAULT '[]';
"""

_M0008 = """
CREATE TABLE edits(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    act INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    details_json TEXT NOT NULL,
    made_at TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    undone INTEGER NOT NULL
);
CREATE INDEX edits_content ON edits(content_hash, size_bytes, kind, subject);
CREATE INDEX edits_subject ON edits(kind, subject);
CREATE INDEX edits_act ON edits(undone, act);
"""


@MIGRATIONS()
def m0006_metadata(db: UtilsDatabase) -> None:
    """What photos and the files beside them say; it is read again of every photo."""
    _run_script(db.conn, _M0006)


@MIGRATIONS()
def m0007_roots(db: UtilsDatabase) -> None:
    """Folders remember their volume, what they lack, what is left out and what is not read."""
    _run_script(db.conn, _M0007)


@MIGRATIONS()
def m0008_edits(db: UtilsDatabase) -> None:
    """What people do to photos has a table of its own."""
    _run_script(db.conn, _M0008)


def _run_script(connection: sqlite3.Connection, script: str) -> None:
    """Statement by statement, because ``executescript`` would commit the open transaction."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""

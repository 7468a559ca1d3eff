"""Small files of a library, kept inside the database file of a backup."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.store.sqlite_file.database_copy import open_copy

_TABLE = "kept_files"
_MOST_BYTES = 1 << 20


def read(paths: Iterable[Path]) -> dict[str, bytes]:
    """Name -> content of those that can be read."""
    files = {}
    for path in paths:
        with contextlib.suppress(OSError):
            if path.stat().st_size <= _MOST_BYTES:
                files[path.name] = path.read_bytes()
    return files


def put(copy: Path, files: Mapping[str, bytes]) -> None:
    """Add files to a copy of a database.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    connection = sqlite3.connect(copy, isolation_level=None)
    try:
        connection.execute("BEGIN")
        connection.execute(f"DROP TABLE IF EXISTS {_TABLE}")
        connection.execute(f"CREATE TABLE {_TABLE}(name TEXT PRIMARY KEY, content BLOB NOT NULL)")
        connection.executemany(f"INSERT INTO {_TABLE} VALUES (?, ?)", files.items())
        connection.execute("COMMIT")
    finally:
        connection.close()


def of(copy: Path) -> dict[str, bytes]:
    """The files in a copy of a database: name -> content.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    connection = open_copy(copy)
    try:
        there = connection.execute(
            "SELECT 1 FROM sqlite_schema WHERE name = ?", (_TABLE,)
        ).fetchone()
        return dict(connection.execute(f"SELECT name, content FROM {_TABLE}")) if there else {}
    finally:
        connection.close()


def remove(copy: Path) -> None:
    """Take the files out of a copy that becomes a library.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    connection = sqlite3.connect(copy, isolation_level=None)
    try:
        connection.execute(f"DROP TABLE IF EXISTS {_TABLE}")
    finally:
        connection.close()


def write(path: Path, content: bytes) -> None:
    """Put a file back: the old one or the new one is there, whatever happens.

    Raises:
        OSError: it cannot be written; the old one is there.
    """
    fresh = path.with_name(f"{path.name}.part")
    try:
        with open(fresh, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise

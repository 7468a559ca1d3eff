"""Files below the watched folders: what a scan changes, and the work list made from them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.records import FolderId, PhotoId
from engine.store import forgetting
from engine.store.database import Database
from engine.store.rows import FileRow, now

_BATCH = 1000
NEWEST = (2**63 - 1, 2**63 - 1)
"""The place before the first file of the work list."""


class Files:
    """The table ``files``. Thread-safe."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def present(self, folder_id: FolderId) -> dict[str, tuple[int, int]]:
        """Relative path -> size in bytes, mtime in ns, of every file not known to be gone."""
        query = """SELECT rel_path, size_bytes, mtime_ns FROM files
                   WHERE folder_id = ? AND missing_since IS NULL"""
        with self._db.reading() as connection:
            return {row[0]: (row[1], row[2]) for row in connection.execute(query, (folder_id,))}

    def note_found(self, folder_id: FolderId, found: Iterable[tuple[str, int, int]]) -> set[PhotoId]:
        """Files that are new, changed or back: relative path, size in bytes, mtime in ns.

        A file that is back unchanged needs no work; every other one waits to be indexed, and
        keeps what it held until then.

        Returns:
            Photos that are back.
        """
        query = """
            INSERT INTO files(folder_id, rel_path, size_bytes, mtime_ns) VALUES (?, ?, ?, ?)
            ON CONFLICT(folder_id, rel_path) DO UPDATE SET
                state = CASE WHEN size_bytes = excluded.size_bytes
                    AND mtime_ns = excluded.mtime_ns THEN state ELSE 'pending' END,
                size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns,
                missing_since = NULL
            RETURNING photo_id
        """
        photos: set[PhotoId] = set()
        for batch in _batches(found):
            with self._db.writing() as connection:
                if not _is_watched(connection, folder_id):
                    return photos
                for file in batch:
                    row = connection.execute(query, (folder_id, *file)).fetchone()
                    if row[0] is not None:
                        photos.add(PhotoId(row[0]))
        return photos

    def note_gone(self, folder_id: FolderId, rel_paths: Iterable[str]) -> set[PhotoId]:
        """Files that are no longer there; returns the photos they held."""
        query = """UPDATE files SET missing_since = ?
                   WHERE folder_id = ? AND rel_path = ? AND missing_since IS NULL
                   RETURNING photo_id"""
        photos: set[PhotoId] = set()
        for batch in _batches(rel_paths):
            with self._db.writing() as connection:
                for rel_path in batch:
                    row = connection.execute(query, (now(), folder_id, rel_path)).fetchone()
                    if row is not None and row[0] is not None:
                        photos.add(PhotoId(row[0]))
        return photos

    def note_skips(
        self, folder_id: FolderId, skips: Iterable[tuple[str, str, str, str]]
    ) -> bool:
        """Entries a scan passed over: relative path, kind, message, hint. Replaces the earlier
        ones of the folder; True if they differ."""
        fresh = {skip[0]: skip for skip in skips}
        with self._db.writing() as connection:
            query = "SELECT rel_path, kind, message, hint FROM skips WHERE folder_id = ?"
            if set(connection.execute(query, (folder_id,))) == set(fresh.values()):
                return False
            connection.execute("DELETE FROM skips WHERE folder_id = ?", (folder_id,))
            if _is_watched(connection, folder_id):
                connection.executemany(
                    "INSERT INTO skips VALUES (?, ?, ?, ?, ?, ?)",
                    [(folder_id, *skip, now()) for skip in fresh.values()],
                )
            return True

    def forget_missing(self, before: str) -> tuple[PhotoId, ...]:
        """Delete rows of files that were gone before that moment, a batch; empty at the end.

        Returns:
            The photos that no file holds any more. Rows may go without a photo going, so ask
            ``has_missing`` whether to go on.
        """
        query = """SELECT f.id FROM files f JOIN folders o ON o.id = f.folder_id
                   WHERE f.missing_since < ? AND o.online LIMIT ?"""
        with self._db.writing() as connection:
            rows = connection.execute(query, (before, _BATCH)).fetchall()
            return forgetting.forget_files(connection, [row[0] for row in rows])

    def work(
        self, profile_id: int, *, again: bool, after: tuple[int, int] = NEWEST, limit: int = 64
    ) -> list[FileRow]:
        """A page of the work list, newest file first.

        Args:
            again: False for files whose bytes were not looked at; True for indexed ones whose
                photo lacks vectors of this profile.
            after: ``mtime_ns`` and ``id`` of the last file seen.
        """
        lacking = """AND NOT EXISTS (SELECT 1 FROM indexings i
            WHERE i.photo_id = f.photo_id AND i.profile_id = :profile)"""
        query = f"""
            SELECT f.id, f.folder_id, o.path, f.rel_path, f.size_bytes, f.mtime_ns, f.photo_id
            FROM files f JOIN folders o ON o.id = f.folder_id
            WHERE f.state = :state AND f.missing_since IS NULL
                AND (f.mtime_ns, f.id) < (:mtime, :id)
                AND o.online AND o.removed_at IS NULL {lacking if again else ""}
            ORDER BY f.mtime_ns DESC, f.id DESC LIMIT :limit
        """
        values = {
            "profile": profile_id,
            "state": "ready" if again else "pending",
            "mtime": after[0],
            "id": after[1],
            "limit": limit,
        }
        with self._db.reading() as connection:
            return [
                FileRow(row[0], FolderId(row[1]), Path(row[2]) / row[3], *row[4:])
                for row in connection.execute(query, values)
            ]


def _is_watched(connection: sqlite3.Connection, folder_id: FolderId) -> bool:
    query = "SELECT 1 FROM folders WHERE id = ? AND removed_at IS NULL"
    return connection.execute(query, (folder_id,)).fetchone() is not None


def _batches(items: Iterable) -> Iterator[list]:
    """Short transactions: a search or a new folder never waits long for the writing lock."""
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch

"""The table of files below watched folders: results of scans, and work lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.file_names import from_stored, stored
from engine.records import FolderId, PhotoId
from engine.store import deletion
from engine.store.connections import Connection, Connections
from engine.store.rows import FileRow, IndexLevel, SampledFile, now
from engine.store.store import NEWEST

_BATCH = 1000
_STEP = 200


FOUND_AGAIN = """ON CONFLICT(folder_id, rel_path) DO UPDATE SET
    state = CASE WHEN files.size_bytes = excluded.size_bytes
        AND files.mtime_ns = excluded.mtime_ns THEN files.state ELSE 'pending' END,
    size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns,
    missing_since = NULL
RETURNING photo_id"""
"""What follows the values of files that a scan found: one that is known stays as it was, unless its
size or time changed."""


class Files:
    """The table ``files``; see ``FileTable``."""

    _unclaimed = ""
    """A condition on files ``f`` that no other indexer works on; one writer has no need of it."""

    def __init__(self, db: Connections) -> None:
        self._db = db

    def present(self, folder_id: FolderId) -> dict[str, tuple[int, int]]:
        """See ``FileTable``."""
        query = """SELECT rel_path, size_bytes, mtime_ns FROM files
                   WHERE folder_id = ? AND missing_since IS NULL"""
        with self._db.reading() as connection:
            rows = connection.execute(query, (folder_id,))
            return {from_stored(row[0]): (row[1], row[2]) for row in rows}

    def sample(self, folder_id: FolderId, count: int) -> list[SampledFile]:
        """See ``FileTable``."""
        query = """
            SELECT f.rel_path, f.size_bytes, CASE f.state WHEN 'ready' THEN
                (SELECT content_hash FROM photos p WHERE p.id = f.photo_id) END
            FROM files f WHERE f.folder_id = ? AND f.missing_since IS NULL
            ORDER BY random() LIMIT ?
        """
        with self._db.reading() as connection:
            rows = connection.execute(query, (folder_id, count)).fetchall()
        return [SampledFile(from_stored(row[0]), *row[1:]) for row in rows]

    def record_found(
        self, folder_id: FolderId, found: Iterable[tuple[str, int, int]]
    ) -> set[PhotoId]:
        """See ``FileTable``."""
        query = f"""
            INSERT INTO files(folder_id, rel_path, size_bytes, mtime_ns) VALUES (?, ?, ?, ?)
            {FOUND_AGAIN}
        """
        photos: set[PhotoId] = set()
        for batch in in_batches(found):
            with self._db.writing() as connection:
                if not _is_watched(connection, folder_id):
                    return photos
                for file in batch:
                    row = connection.execute(
                        query, (folder_id, stored(file[0]), *file[1:])
                    ).fetchone()
                    if row[0] is not None:
                        photos.add(PhotoId(row[0]))
        return photos

    def record_missing(self, folder_id: FolderId, rel_paths: Iterable[str]) -> set[PhotoId]:
        """See ``FileTable``."""
        query = """UPDATE files SET missing_since = ?
                   WHERE folder_id = ? AND rel_path = ? AND missing_since IS NULL
                   RETURNING photo_id"""
        photos: set[PhotoId] = set()
        for batch in in_batches(rel_paths):
            with self._db.writing() as connection:
                for rel_path in batch:
                    row = connection.execute(query, (now(), folder_id, stored(rel_path))).fetchone()
                    if row is not None and row[0] is not None:
                        photos.add(PhotoId(row[0]))
        return photos

    def held_elsewhere(self, folder_id: FolderId, rel_paths: Iterable[str]) -> set[str]:
        """See ``FileTable``."""
        elsewhere = """FROM files f JOIN folders o ON o.id = f.folder_id
            WHERE f.folder_id <> g.folder_id AND f.missing_since IS NULL
                AND o.online AND o.removed_at IS NULL"""
        query = f"""
            SELECT 1 FROM files g WHERE g.folder_id = ? AND g.rel_path = ? AND (
                EXISTS (SELECT 1 {elsewhere} AND f.photo_id = g.photo_id)
                OR EXISTS (SELECT 1 {elsewhere} AND f.state IN ('pending', 'ready', 'failed')
                    AND f.mtime_ns = g.mtime_ns AND f.size_bytes = g.size_bytes))
        """
        held = set()
        for batch in in_batches(rel_paths):
            with self._db.reading() as connection:
                for rel_path in batch:
                    if connection.execute(query, (folder_id, stored(rel_path))).fetchone():
                        held.add(rel_path)
        return held

    def record_skipped(
        self, folder_id: FolderId, skips: Iterable[tuple[str, str, str, str]]
    ) -> bool:
        """See ``FileTable``."""
        fresh = {stored(skip[0]): (stored(skip[0]), *skip[1:]) for skip in skips}
        with self._db.writing() as connection:
            query = "SELECT rel_path, kind, message, hint FROM skips WHERE folder_id = ?"
            if set(connection.execute(query, (folder_id,))) == set(fresh.values()):
                return False
            connection.execute("DELETE FROM skips WHERE folder_id = ?", (folder_id,))
            if _is_watched(connection, folder_id):
                for skip in fresh.values():
                    connection.execute(
                        "INSERT INTO skips VALUES (?, ?, ?, ?, ?, ?)", (folder_id, *skip, now())
                    )
            return True

    def delete_missing(self, before: str) -> tuple[PhotoId, ...] | None:
        """See ``FileTable``."""
        query = """SELECT f.id FROM files f JOIN folders o ON o.id = f.folder_id
                   WHERE f.missing_since < ? AND o.online LIMIT ?"""
        with self._db.reading() as connection:
            rows = connection.execute(query, (before, _STEP)).fetchall()
        if not rows:
            return None
        with self._db.writing() as connection:
            return deletion.delete_files(connection, [row[0] for row in rows])

    def pending(self, limit: int, *, unsettled_ns: tuple[int, int] | None = None) -> list[FileRow]:
        """See ``FileTable``."""
        settled = "AND NOT (f.mtime_ns > ? AND f.mtime_ns <= ?)" if unsettled_ns else ""
        return self._work("pending", settled, unsettled_ns or (), limit)

    def lacking(
        self, profile_id: int, limit: int, after: tuple[int, int] = NEWEST
    ) -> list[FileRow]:
        """See ``FileTable``."""
        condition = """AND (f.mtime_ns, f.id) < (?, ?) AND NOT EXISTS (SELECT 1 FROM indexings i
            WHERE i.photo_id = f.photo_id AND i.profile_id = ?)"""
        return self._work("ready", condition, (*after, profile_id), limit)

    def coarse(self, profile_id: int, limit: int) -> list[FileRow]:
        """See ``FileTable``. Reads every ready file that is newer."""
        condition = """AND EXISTS (SELECT 1 FROM indexings i WHERE i.photo_id = f.photo_id
            AND i.profile_id = ? AND i.level = 'coarse')"""
        return self._work("ready", condition, (profile_id,), limit)

    def claim(self, file: FileRow, profile_id: int, level: IndexLevel) -> bool:
        """See ``FileTable``. The one process that writes has all files."""
        return True

    def record_version(self, file: FileRow, size_bytes: int, mtime_ns: int) -> None:
        """See ``FileTable``."""
        with self._db.writing() as connection:
            connection.execute(
                "UPDATE files SET size_bytes = ?, mtime_ns = ?, state = 'pending' WHERE id = ?",
                (size_bytes, mtime_ns, file.id),
            )

    def sidecars(self, folder_id: FolderId) -> dict[str, str]:
        """See ``FileTable``."""
        query = """SELECT f.rel_path, s.version FROM sidecars s JOIN files f ON f.id = s.file_id
                   WHERE f.folder_id = ?"""
        with self._db.reading() as connection:
            return dict(connection.execute(query, (folder_id,)).fetchall())

    def record_sidecars(
        self, folder_id: FolderId, versions: Iterable[tuple[str, str | None]]
    ) -> None:
        """See ``FileTable``."""
        for batch in in_batches(versions):
            with self._db.writing() as connection:
                for rel_path, version in batch:
                    row = connection.execute(
                        "SELECT id FROM files WHERE folder_id = ? AND rel_path = ?",
                        (folder_id, rel_path),
                    ).fetchone()
                    if row is not None:
                        _record_sidecar(connection, row[0], version)

    def metadata_due(self, limit: int, before: int | None = None) -> list[FileRow]:
        """See ``FileTable``."""
        # CROSS JOIN keeps this order: by itself, SQLite reads all files of a folder.
        query = """
            SELECT f.id, f.folder_id, o.path, f.rel_path, f.size_bytes, f.mtime_ns, f.photo_id
            FROM metadata_due d CROSS JOIN files f CROSS JOIN folders o
            WHERE d.file_id < ? AND f.id = d.file_id AND o.id = f.folder_id
                AND f.state = 'ready' AND f.missing_since IS NULL
                AND o.online AND o.removed_at IS NULL
            ORDER BY d.file_id DESC LIMIT ?
        """
        with self._db.reading() as connection:
            rows = connection.execute(query, (2**62 if before is None else before, limit))
            return [
                FileRow(row[0], FolderId(row[1]), Path(row[2]) / row[3], *row[4:]) for row in rows
            ]

    def count_metadata_due(self) -> int:
        """See ``FileTable``."""
        with self._db.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM metadata_due").fetchone()[0])

    def _work(self, state: str, condition: str, values: tuple, limit: int) -> list[FileRow]:
        query = f"""
            SELECT f.id, f.folder_id, o.path, f.rel_path, f.size_bytes, f.mtime_ns, f.photo_id,
                CASE f.state WHEN 'ready'
                    THEN (SELECT content_hash FROM photos p WHERE p.id = f.photo_id) END
            FROM files f INDEXED BY files_work JOIN folders o ON o.id = f.folder_id
            WHERE f.state = ? AND f.missing_since IS NULL
                AND o.online AND o.removed_at IS NULL {condition} {self._unclaimed}
            ORDER BY f.mtime_ns DESC, f.id DESC LIMIT ?
        """
        with self._db.reading() as connection:
            return [
                FileRow(*(row[0], FolderId(row[1]), _path(row[2], row[3]), *row[4:]))
                for row in connection.execute(query, (state, *values, limit))
            ]


def _path(root: str, rel_path: str) -> Path:
    return Path(from_stored(root)) / from_stored(rel_path)


def _record_sidecar(connection: Connection, file_id: int, version: str | None) -> None:
    if version is None:
        connection.execute("DELETE FROM sidecars WHERE file_id = ?", (file_id,))
    else:
        connection.execute(
            """INSERT INTO sidecars VALUES (?, ?)
               ON CONFLICT(file_id) DO UPDATE SET version = excluded.version""",
            (file_id, version),
        )
    # Also of a file that waits to be indexed: its sidecar may be read before it changed.
    connection.execute("INSERT INTO metadata_due VALUES (?) ON CONFLICT DO NOTHING", (file_id,))


def _is_watched(connection: Connection, folder_id: FolderId) -> bool:
    query = "SELECT 1 FROM folders WHERE id = ? AND removed_at IS NULL"
    return connection.execute(query, (folder_id,)).fetchone() is not None


def in_batches(items: Iterable) -> Iterator[list]:
    """Items in batches: short transactions, so that other writers never wait long."""
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch

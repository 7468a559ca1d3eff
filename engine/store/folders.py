"""The table of watched folders; deletion of a folder in short steps."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from engine.file_names import from_stored, stored
from engine.records import Folder, FolderId, PhotoId
from engine.store import deletion
from engine.store.connections import Connections
from engine.store.protocols.folder_table import LastScan
from engine.store.rows import now

_PURGE_BATCH = 200


class Folders:
    """The table ``folders``; see ``FolderTable``."""

    def __init__(self, db: Connections) -> None:
        self._db = db

    def all(self, profile_id: int) -> tuple[Folder, ...]:
        """See ``FolderTable``."""
        query = """
            SELECT id, path, online,
                coalesce((SELECT sum(n) FROM file_counts c WHERE c.folder_id = f.id), 0),
                coalesce((SELECT sum(n) FROM ready_counts r
                    WHERE r.folder_id = f.id AND r.profile_id = ?), 0),
                coalesce((SELECT sum(n) FROM file_counts c
                    WHERE c.folder_id = f.id AND c.state = 'failed'), 0),
                lacking, unread_json
            FROM folders f WHERE removed_at IS NULL ORDER BY id
        """
        with self._db.reading() as connection:
            return tuple(
                Folder(
                    FolderId(row[0]),
                    Path(from_stored(row[1])),
                    bool(row[2]),
                    photos=row[3],
                    searchable=row[4],
                    problems=row[5],
                    lacking=row[6],
                    unread=tuple(json.loads(row[7]).items()),
                )
                for row in connection.execute(query, (profile_id,))
            )

    def paths(self) -> dict[FolderId, Path]:
        """See ``FolderTable``."""
        with self._db.reading() as connection:
            rows = connection.execute("SELECT id, path FROM folders WHERE removed_at IS NULL")
            return {FolderId(row[0]): Path(from_stored(row[1])) for row in rows}

    def add(self, path: Path) -> FolderId:
        """See ``FolderTable``."""
        with self._db.writing() as connection:
            known = connection.execute(
                "SELECT id FROM folders WHERE path = ? AND removed_at IS NULL", (stored(path),)
            ).fetchone()
            if known:
                return FolderId(known[0])
            query = "INSERT INTO folders(path, added_at) VALUES (?, ?) RETURNING id"
            return FolderId(connection.execute(query, (stored(path), now())).fetchone()[0])

    def set_online(self, folder_id: FolderId, online: bool, lacking: int = 0) -> bool:
        """See ``FolderTable``."""
        with self._db.writing() as connection:
            cursor = connection.execute(
                """UPDATE folders SET online = ?, lacking = ?
                   WHERE id = ? AND (online <> ? OR lacking <> ?)""",
                (online, lacking, folder_id, online, lacking),
            )
            return cursor.rowcount > 0

    def lacking(self) -> set[FolderId]:
        """See ``FolderTable``."""
        with self._db.reading() as connection:
            rows = connection.execute("SELECT id FROM folders WHERE lacking > 0")
            return {FolderId(row[0]) for row in rows}

    def last_scan(self, folder_id: FolderId) -> LastScan:
        """See ``FolderTable``."""
        with self._db.reading() as connection:
            query = "SELECT volume, last_scan_at, mounts_json FROM folders WHERE id = ?"
            row = connection.execute(query, (folder_id,)).fetchone()
        return LastScan(row[0], row[1], tuple(json.loads(row[2]))) if row else LastScan()

    def record_scan(
        self,
        folder_id: FolderId,
        volume: str | None,
        unread: Iterable[tuple[str, int]] = (),
        mounts: Iterable[str] = (),
    ) -> bool:
        """See ``FolderTable``."""
        counted, query = json.dumps(dict(unread)), "SELECT unread_json FROM folders WHERE id = ?"
        # In ASCII: a name that is no text is escaped.
        mounted = json.dumps(list(mounts))
        with self._db.writing() as connection:
            before = connection.execute(query, (folder_id,)).fetchone()
            connection.execute(
                """UPDATE folders SET last_scan_at = ?, volume = ?, unread_json = ?, mounts_json = ?
                   WHERE id = ?""",
                (now(), volume, counted, mounted, folder_id),
            )
        return before is not None and before[0] != counted

    def rules(self, folder_id: FolderId) -> str:
        """See ``FolderTable``."""
        with self._db.reading() as connection:
            query = "SELECT rules FROM folders WHERE id = ?"
            row = connection.execute(query, (folder_id,)).fetchone()
            return row[0] if row else ""

    def set_rules(self, folder_id: FolderId, rules: str) -> None:
        """See ``FolderTable``."""
        with self._db.writing() as connection:
            connection.execute("UPDATE folders SET rules = ? WHERE id = ?", (rules, folder_id))

    def relocate(self, folder_id: FolderId, path: Path, volume: str | None) -> None:
        """See ``FolderTable``."""
        query = "UPDATE folders SET path = ?, volume = ?, online = ?, lacking = 0 WHERE id = ?"
        with self._db.writing() as connection:
            connection.execute(query, (stored(path), volume, True, folder_id))

    def mark_removed(self, folder_id: FolderId) -> bool:
        """See ``FolderTable``."""
        with self._db.writing() as connection:
            cursor = connection.execute(
                "UPDATE folders SET removed_at = ? WHERE id = ? AND removed_at IS NULL",
                (now(), folder_id),
            )
            return cursor.rowcount > 0

    def has_removed(self) -> bool:
        """See ``FolderTable``."""
        with self._db.reading() as connection:
            query = "SELECT 1 FROM folders WHERE removed_at IS NOT NULL LIMIT 1"
            return connection.execute(query).fetchone() is not None

    def purge(self) -> tuple[PhotoId, ...] | None:
        """See ``FolderTable``. A step is one short transaction; other writers never wait long."""
        with self._db.writing() as connection:
            row = connection.execute(
                "SELECT id FROM folders WHERE removed_at IS NOT NULL LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            folder_id = row[0]
            files = connection.execute(
                "SELECT id FROM files WHERE folder_id = ? LIMIT ?", (folder_id, _PURGE_BATCH)
            ).fetchall()
            if files:
                return deletion.delete_files(connection, [row[0] for row in files])
            for table in ("skips", "file_counts", "ready_counts"):
                connection.execute(f"DELETE FROM {table} WHERE folder_id = ?", (folder_id,))
            connection.execute("DELETE FROM folders WHERE id = ?", (folder_id,))
            return ()

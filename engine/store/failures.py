"""Files that could not be indexed, and entries that a scan left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.file_names import from_stored, stored
from engine.records import Problem
from engine.store.connections import Connections


class Failures:
    """The tables ``failures`` and ``skips``; see ``FailureTable``."""

    def __init__(self, db: Connections) -> None:
        self._db = db

    def problems(self, limit: int) -> tuple[Problem, ...]:
        """See ``FailureTable``."""
        query = """
            SELECT o.path, f.rel_path, x.kind, x.message, x.hint, x.attempts, x.happened_at,
                0 AS part
            FROM failures x JOIN files f ON f.id = x.file_id JOIN folders o ON o.id = f.folder_id
            WHERE f.state = 'failed' AND f.missing_since IS NULL AND o.removed_at IS NULL
            UNION ALL
            SELECT o.path, s.rel_path, s.kind, s.message, s.hint, 1, s.happened_at, 1
            FROM skips s JOIN folders o ON o.id = s.folder_id WHERE o.removed_at IS NULL
            ORDER BY part, happened_at DESC, rel_path LIMIT ?
        """
        with self._db.reading() as connection:
            return tuple(
                Problem(Path(from_stored(row[0])) / from_stored(row[1]), *row[2:7])
                for row in connection.execute(query, (limit,))
            )

    def retry(self, paths: Iterable[Path] | None) -> int:
        """See ``FailureTable``."""
        with self._db.writing() as connection:
            if paths is None:
                return connection.execute(
                    "UPDATE files SET state = 'pending' WHERE state = 'failed'"
                ).rowcount
            count = 0
            folders = connection.execute(
                "SELECT id, path FROM folders WHERE removed_at IS NULL"
            ).fetchall()
            for path in paths:
                for folder_id, stored_root in folders:
                    root = from_stored(stored_root)
                    if path.is_relative_to(root):
                        count += connection.execute(
                            """UPDATE files SET state = 'pending'
                               WHERE folder_id = ? AND rel_path = ? AND state = 'failed'""",
                            (folder_id, stored(path.relative_to(root).as_posix())),
                        ).rowcount
            return count

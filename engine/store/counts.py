"""Counters for the status line, kept by triggers, and looked over by ``check``."""

from __future__ import annotations

from dataclasses import dataclass

from engine.store.database import Database

_TRUE_COUNTS = {
    "file_counts": (
        """SELECT folder_id, state, count(*) FROM files WHERE missing_since IS NULL
           GROUP BY folder_id, state""",
        "n",
    ),
    "ready_counts": (
        """SELECT f.folder_id, i.profile_id, count(*) FROM files f
           JOIN indexings i ON i.photo_id = f.photo_id
           WHERE f.state = 'ready' AND f.missing_since IS NULL
           GROUP BY f.folder_id, i.profile_id""",
        "n",
    ),
    "profile_counts": (
        "SELECT profile_id, count(*), sum(things) FROM indexings GROUP BY profile_id",
        "photos",
    ),
}
"""Each table of counters, the query that counts anew, and the column that may be zero."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Files below watched folders; ``photos == searchable + pending + problems``."""

    photos: int
    searchable: int
    pending: int
    problems: int
    things: int


class Counts:
    """Reads and repairs the counters. Thread-safe."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def totals(self, profile_id: int) -> Totals:
        """Counts under one profile; reads a handful of rows, however large the library."""
        query = """
            SELECT
                (SELECT coalesce(sum(n), 0) FROM file_counts WHERE folder_id IN watched),
                (SELECT coalesce(sum(n), 0) FROM ready_counts
                    WHERE folder_id IN watched AND profile_id = ?1),
                (SELECT coalesce(sum(n), 0) FROM file_counts
                    WHERE folder_id IN watched AND state = 'failed'),
                (SELECT coalesce(sum(things), 0) FROM profile_counts WHERE profile_id = ?1)
        """
        watched = "WITH watched AS (SELECT id FROM folders WHERE removed_at IS NULL)"
        with self._db.reading() as connection:
            row = connection.execute(watched + query, (profile_id,)).fetchone()
        photos, searchable, problems, things = row
        return Totals(photos, searchable, photos - searchable - problems, problems, things)

    def waiting(self, profile_id: int) -> tuple[int, int]:
        """How many files the work list holds: never looked at, and lacking this profile."""
        query = """
            SELECT coalesce(sum(n) FILTER (WHERE state = 'pending'), 0),
                   coalesce(sum(n) FILTER (WHERE state = 'ready'), 0)
                     - coalesce((SELECT sum(r.n) FROM ready_counts r JOIN folders o
                           ON o.id = r.folder_id
                         WHERE r.profile_id = ? AND o.online AND o.removed_at IS NULL), 0)
            FROM file_counts c JOIN folders o ON o.id = c.folder_id
            WHERE o.online AND o.removed_at IS NULL
        """
        with self._db.reading() as connection:
            row = connection.execute(query, (profile_id,)).fetchone()
        return row[0], row[1]

    def repair(self) -> tuple[str, ...]:
        """Count anew; the names of counters that were wrong, now right."""
        wrong = []
        with self._db.writing() as connection:
            for table, (query, count) in _TRUE_COUNTS.items():
                # Zeros say nothing: a counter that went back to none keeps its row.
                kept = connection.execute(f"SELECT * FROM {table} WHERE {count} <> 0")
                if set(kept) != set(connection.execute(query)):
                    connection.execute(f"DELETE FROM {table}")
                    connection.execute(f"INSERT INTO {table} {query}")
                    wrong.append(table)
        return tuple(wrong)

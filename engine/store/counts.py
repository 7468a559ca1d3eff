"""Counters for the status line; triggers keep them, ``check`` repairs them."""

from __future__ import annotations

from engine.store.connections import Connections
from engine.store.rows import IndexLevel, Totals, Waiting

TRUE_COUNTS = {
    "file_counts": (
        """SELECT folder_id, state, count(*) FROM files WHERE missing_since IS NULL
           GROUP BY folder_id, state""",
        "folder_id, state",
        "sum(n)",
        "n",
    ),
    "ready_counts": (
        """SELECT f.folder_id, i.profile_id, count(*),
               count(*) FILTER (WHERE i.level = 'full') FROM files f
           JOIN indexings i ON i.photo_id = f.photo_id
           WHERE f.state = 'ready' AND f.missing_since IS NULL
           GROUP BY f.folder_id, i.profile_id""",
        "folder_id, profile_id",
        "sum(n), sum(outlined)",
        "n",
    ),
    "profile_counts": (
        "SELECT profile_id, count(*), sum(things) FROM indexings GROUP BY profile_id",
        "profile_id",
        "sum(photos), sum(things)",
        "photos",
    ),
}
"""Each table of counters, the query that counts anew, the columns that say what a row counts, the
sums over its rows, and the column that may be zero. PostgreSQL keeps several rows for a counter."""


class Counts:
    """The tables of counters; see ``CountTable``."""

    def __init__(self, db: Connections) -> None:
        self._db = db

    def totals(self, profile_id: int) -> Totals:
        """See ``CountTable``; reads one row for each folder and state."""
        query = """
            SELECT
                (SELECT coalesce(sum(n), 0) FROM file_counts
                    WHERE folder_id IN (SELECT id FROM watched)),
                (SELECT coalesce(sum(n), 0) FROM ready_counts
                    WHERE folder_id IN (SELECT id FROM watched) AND profile_id = ?),
                (SELECT coalesce(sum(outlined), 0) FROM ready_counts
                    WHERE folder_id IN (SELECT id FROM watched) AND profile_id = ?),
                (SELECT coalesce(sum(n), 0) FROM file_counts
                    WHERE folder_id IN (SELECT id FROM watched) AND state = 'failed'),
                (SELECT coalesce(sum(things), 0) FROM profile_counts WHERE profile_id = ?)
        """
        watched = "WITH watched AS (SELECT id FROM folders WHERE removed_at IS NULL)"
        with self._db.reading() as connection:
            row = connection.execute(watched + query, (profile_id,) * 3).fetchone()
        photos, searchable, outlined, problems, things = row
        pending = photos - searchable - problems
        return Totals(photos, searchable, outlined, pending, problems, things)

    def waiting(self, profile_id: int) -> Waiting:
        """See ``CountTable``."""
        query = """
            WITH reachable AS (SELECT id FROM folders WHERE online AND removed_at IS NULL),
                known AS (SELECT coalesce(sum(n), 0) AS n, coalesce(sum(outlined), 0) AS outlined
                    FROM ready_counts
                    WHERE profile_id = ? AND folder_id IN (SELECT id FROM reachable))
            SELECT coalesce(sum(c.n) FILTER (WHERE state = 'pending'), 0),
                coalesce(sum(c.n) FILTER (WHERE state = 'ready'), 0)
                    - (SELECT n FROM known),
                (SELECT n - outlined FROM known)
            FROM file_counts c WHERE folder_id IN (SELECT id FROM reachable)
        """
        with self._db.reading() as connection:
            return Waiting(*connection.execute(query, (profile_id,)).fetchone())

    def record_throughput(self, profile_id: int, level: IndexLevel, per_second: float) -> None:
        """See ``CountTable``."""
        with self._db.writing() as connection:
            connection.execute(
                """INSERT INTO paces VALUES (?, ?, ?)
                   ON CONFLICT(profile_id, level) DO UPDATE SET per_second = excluded.per_second""",
                (profile_id, level.value, per_second),
            )

    def throughput(self, profile_id: int) -> dict[IndexLevel, float]:
        """See ``CountTable``."""
        query = "SELECT level, per_second FROM paces WHERE profile_id = ?"
        with self._db.reading() as connection:
            return {IndexLevel(row[0]): row[1] for row in connection.execute(query, (profile_id,))}

    def repair(self) -> tuple[str, ...]:
        """See ``CountTable``."""
        wrong = []
        with self._db.writing() as connection:
            for table, (query, keys, sums, first) in TRUE_COUNTS.items():
                # A counter that went back to zero may keep its row.
                kept = connection.execute(
                    f"""SELECT {keys}, {sums} FROM {table} GROUP BY {keys}
                        HAVING sum({first}) <> 0"""
                )
                if set(kept) != set(connection.execute(query)):
                    connection.execute(f"DELETE FROM {table}")
                    connection.execute(f"INSERT INTO {table} {query}")
                    wrong.append(table)
        return tuple(wrong)

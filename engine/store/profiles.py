"""Profiles that the store holds vectors of; deletion of one in short steps."""

from __future__ import annotations

import json

from engine.store.connections import Connections
from engine.store.rows import ProfileRow

_SAMPLE = 200
_STEP = 200
_ROW_BYTES = 2100
"""Bytes of a photo beside its block and masks: keys, and half of the last page."""


class Profiles:
    """The table ``profiles``; see ``ProfileTable``."""

    def __init__(self, db: Connections) -> None:
        self._db = db

    def all(self) -> tuple[ProfileRow, ...]:
        """See ``ProfileTable``."""
        query = """SELECT p.id, p.key, p.description, p.ndim, coalesce(sum(c.photos), 0),
                       coalesce(sum(c.things), 0)
                   FROM profiles p LEFT JOIN profile_counts c ON c.profile_id = p.id
                   GROUP BY p.id, p.key, p.description, p.ndim ORDER BY p.id"""
        with self._db.reading() as connection:
            return tuple(ProfileRow(*row) for row in connection.execute(query))

    def photo_bytes(self, profile_id: int) -> tuple[float, float] | None:
        """See ``ProfileTable``: the mean over some photos."""
        query = f"""
            SELECT count(*), sum(regions), sum(length(block) + length(masks) + {_ROW_BYTES})
            FROM region_blocks WHERE profile_id = ? AND photo_id IN
                (SELECT photo_id FROM indexings WHERE profile_id = ? AND level = 'full'
                 LIMIT {_SAMPLE})
        """
        with self._db.reading() as connection:
            photos, regions, total = connection.execute(query, (profile_id,) * 2).fetchone()
        return (total / photos, regions / photos) if photos else None

    def free_bytes(self) -> int:
        """See ``ProfileTable``."""
        with self._db.reading() as connection:
            pages = connection.execute("PRAGMA freelist_count").fetchone()[0]
            return pages * connection.execute("PRAGMA page_size").fetchone()[0]

    def delete_step(self, profile_id: int) -> int:
        """See ``ProfileTable``; the last step deletes the profile's row too."""
        mine = "profile_id = ?"
        with self._db.writing() as connection:
            photos = [
                row[0]
                for row in connection.execute(
                    f"SELECT photo_id FROM indexings WHERE {mine} LIMIT {_STEP}", (profile_id,)
                )
            ]
            for table in ("region_blocks", "indexings"):
                connection.execute(
                    f"""DELETE FROM {table} WHERE photo_id IN (SELECT value FROM json_each(?))
                            AND {mine}""",
                    (json.dumps(photos), profile_id),
                )
            if not photos:
                for table in ("paces", "profile_counts", "ready_counts"):
                    connection.execute(f"DELETE FROM {table} WHERE {mine}", (profile_id,))
                connection.execute("DELETE FROM profiles WHERE id = ?", (profile_id,))
            return len(photos)


def profile_id(db: Connections, key: str, ndim: int, description: str, *, read_only: bool) -> int:
    """See ``Store.profile_id``."""
    query = "SELECT id, ndim FROM profiles WHERE key = ?"
    with db.reading() as connection:
        row = connection.execute(query, (key,)).fetchone()
    if row is None and read_only:
        return 0
    if row is None:
        with db.writing() as connection:
            connection.execute(  # another thread may have been faster
                "INSERT INTO profiles(key, ndim, description) VALUES (?, ?, ?) "
                "ON CONFLICT(key) DO NOTHING",
                (key, ndim, description),
            )
            row = connection.execute(query, (key,)).fetchone()
    if row[1] != ndim:
        raise ValueError(f"expected vectors of {row[1]} numbers for profile {key}, got {ndim}")
    return row[0]

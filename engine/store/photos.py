"""The table of photos, with the files that hold them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.records import FolderId, Photo, PhotoId
from engine.store.database import Database

_CHUNK = 500
"""Most ids in one statement."""

_PLACES = """
    SELECT p.id, o.path, f.rel_path, o.online, p.width_px, p.height_px, p.taken_at, p.camera,
        p.size_bytes
    FROM photos p JOIN files f ON f.photo_id = p.id JOIN folders o ON o.id = f.folder_id
    WHERE f.missing_since IS NULL AND o.removed_at IS NULL
"""


class Photos:
    """The table ``photos``, joined with the files that hold them; see ``PhotoTable``."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, photo_id: PhotoId) -> Photo | None:
        """See ``PhotoTable``."""
        return self.visible([photo_id]).get(photo_id)

    def visible(
        self, photo_ids: Sequence[PhotoId], folder_ids: Iterable[FolderId] = ()
    ) -> dict[PhotoId, Photo]:
        """See ``PhotoTable``."""
        found: dict[PhotoId, Photo] = {}
        with self._db.reading() as connection:
            for start in range(0, len(photo_ids), _CHUNK):
                ids = [int(i) for i in photo_ids[start : start + _CHUNK]]
                query = f"{_PLACES} AND p.id IN ({_marks(ids)}) {_below(folder_ids)}"
                for row in connection.execute(
                    f"{query} ORDER BY o.online DESC, f.id", (*ids, *folder_ids)
                ):
                    found.setdefault(PhotoId(row[0]), _photo(row))
        return found

    def visible_ids(
        self, photo_ids: Sequence[PhotoId], folder_ids: Iterable[FolderId] = ()
    ) -> set[PhotoId]:
        """See ``PhotoTable``."""
        found: set[PhotoId] = set()
        with self._db.reading() as connection:
            for start in range(0, len(photo_ids), _CHUNK):
                ids = [int(i) for i in photo_ids[start : start + _CHUNK]]
                query = f"""
                    SELECT f.photo_id FROM files f JOIN folders o ON o.id = f.folder_id
                    WHERE f.photo_id IN ({_marks(ids)}) AND f.missing_since IS NULL
                        AND o.removed_at IS NULL {_below(folder_ids)}
                """
                rows = connection.execute(query, (*ids, *folder_ids))
                found.update(PhotoId(row[0]) for row in rows)
        return found

    def page(self, profile_id: int, limit: int, before: PhotoId | None) -> tuple[Photo, ...]:
        """See ``PhotoTable``."""
        query = """
            SELECT p.id FROM photos p
            WHERE EXISTS (SELECT 1 FROM indexings i WHERE i.photo_id = p.id AND i.profile_id = ?)
                AND EXISTS (SELECT 1 FROM files f JOIN folders o ON o.id = f.folder_id
                    WHERE f.photo_id = p.id AND f.missing_since IS NULL AND o.removed_at IS NULL)
        """
        values: tuple = (profile_id,)
        if before is not None:
            query += """ AND (p.dated_at, p.id) <
                (SELECT dated_at, id FROM photos WHERE id = ?)"""
            values += (before,)
        query += " ORDER BY p.dated_at DESC, p.id DESC LIMIT ?"
        with self._db.reading() as connection:
            ids = [PhotoId(row[0]) for row in connection.execute(query, (*values, limit))]
        photos = self.visible(ids)
        return tuple(photos[i] for i in ids if i in photos)

    def searchable_ids(
        self, profile_id: int, folder_ids: frozenset[FolderId], limit: int
    ) -> list[PhotoId] | None:
        """See ``PhotoTable``."""
        query = f"""
            SELECT DISTINCT f.photo_id FROM files f JOIN folders o ON o.id = f.folder_id
            JOIN indexings i ON i.photo_id = f.photo_id AND i.profile_id = ?
            WHERE f.missing_since IS NULL AND o.removed_at IS NULL {_below(folder_ids)}
            LIMIT ?
        """
        with self._db.reading() as connection:
            rows = connection.execute(query, (profile_id, *folder_ids, limit + 1)).fetchall()
        return [PhotoId(row[0]) for row in rows] if len(rows) <= limit else None

    def all_ids(self) -> set[PhotoId]:
        """See ``PhotoTable``."""
        with self._db.reading() as connection:
            return {PhotoId(row[0]) for row in connection.execute("SELECT id FROM photos")}


def _photo(row: sqlite3.Row | tuple) -> Photo:
    return Photo(
        id=PhotoId(row[0]),
        path=Path(row[1]) / row[2],
        available=bool(row[3]),
        size_wh=(row[4], row[5]),
        taken_at=row[6],
        camera=row[7],
        size_bytes=row[8],
    )


def _below(folder_ids: Iterable[FolderId]) -> str:
    ids = list(folder_ids)
    return f"AND f.folder_id IN ({_marks(ids)})" if ids else ""


def _marks(values: Sequence) -> str:
    return ",".join("?" * len(values))

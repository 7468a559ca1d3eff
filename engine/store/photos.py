"""The table of photos, with the files that hold them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.file_names import from_stored
from engine.records import Filter, FilterKind, FolderId, Photo, PhotoId, PhotoMetadata
from engine.store import filters as sql_filters
from engine.store.connections import Connections
from engine.store.photo_values import metadata_columns

_SORTED = 5000
"""Up to this many photos that pass filters are sorted by their time; else photos are read in the
order of their times until enough of them pass."""

_VISIBLE = "f.missing_since IS NULL AND o.removed_at IS NULL"
_PLACES = """
    SELECT p.id, o.path, f.rel_path, o.online, p.width_px, p.height_px, p.taken_at, p.camera,
        p.size_bytes, p.taken_until
    FROM photos p JOIN files f ON f.photo_id = p.id JOIN folders o ON o.id = f.folder_id
"""


class Photos:
    """The table ``photos``, joined with the files that hold them; see ``PhotoTable``."""

    def __init__(self, db: Connections) -> None:
        self._db = db

    def get(self, photo_id: PhotoId) -> Photo | None:
        """See ``PhotoTable``."""
        return self.visible([photo_id]).get(photo_id)

    def visible(
        self,
        photo_ids: Sequence[PhotoId],
        folder_ids: Iterable[FolderId] = (),
        filters: Sequence[Filter] = (),
    ) -> dict[PhotoId, Photo]:
        """See ``PhotoTable``."""
        found: dict[PhotoId, Photo] = {}
        wanted = _wanted(folder_ids, filters, of_few=True)
        where = wanted.of_photo & wanted.of_file
        query = f"""{_PLACES} WHERE p.id IN (SELECT value FROM json_each(?)) AND {where.sql}
                    ORDER BY o.online DESC, f.id"""
        with self._db.reading() as connection:
            for row in connection.execute(query, (_json(photo_ids), *where.values)):
                if row[0] not in found:
                    found[PhotoId(row[0])] = _photo(row)
        return found

    def visible_ids(
        self,
        photo_ids: Sequence[PhotoId],
        folder_ids: Iterable[FolderId] = (),
        filters: Sequence[Filter] = (),
    ) -> set[PhotoId]:
        """See ``PhotoTable``."""
        photos = "JOIN photos p ON p.id = f.photo_id" if filters else ""
        rows = self._visible("f.photo_id", photos, photo_ids, folder_ids, filters)
        return {PhotoId(row[0]) for row in rows}

    def visible_taken_at(
        self,
        photo_ids: Sequence[PhotoId],
        folder_ids: Iterable[FolderId] = (),
        filters: Sequence[Filter] = (),
    ) -> dict[PhotoId, str | None]:
        """See ``PhotoTable``."""
        photos = "JOIN photos p ON p.id = f.photo_id"
        rows = self._visible("p.id, p.taken_at", photos, photo_ids, folder_ids, filters)
        return {PhotoId(row[0]): row[1] for row in rows}

    def _visible(
        self,
        columns: str,
        photos: str,
        photo_ids: Sequence[PhotoId],
        folder_ids: Iterable[FolderId],
        filters: Sequence[Filter],
    ) -> list[tuple]:
        """Columns of those of the photos that are visible; one row for each of their files."""
        wanted = _wanted(folder_ids, filters, of_few=True)
        where = wanted.of_photo & wanted.of_file
        query = f"""
            SELECT {columns} FROM files f JOIN folders o ON o.id = f.folder_id {photos}
            WHERE f.photo_id IN (SELECT value FROM json_each(?)) AND {where.sql}
        """
        with self._db.reading() as connection:
            return connection.execute(query, (_json(photo_ids), *where.values)).fetchall()

    def page(
        self,
        profile_id: int,
        limit: int,
        before: PhotoId | None,
        folder_ids: Iterable[FolderId] = (),
        filters: Sequence[Filter] = (),
    ) -> tuple[Photo, ...]:
        """See ``PhotoTable``."""
        below = frozenset(folder_ids)
        few = self.searchable_ids(profile_id, below, _SORTED, filters) if filters else None
        if few == []:
            return ()
        among = "" if few is None else f"AND p.id IN ({_marks(few)})"
        query, values = _by_photo(_wanted(below, filters, of_few=True), profile_id)
        values = (*values, *(few or ()))
        if before is not None:
            among += """ AND (p.dated_at, p.id) <
                (SELECT dated_at, id FROM photos WHERE id = ?)"""
            values += (before,)
        query += f" {among} ORDER BY p.dated_at DESC, p.id DESC LIMIT ?"
        with self._db.reading() as connection:
            ids = [PhotoId(row[0]) for row in connection.execute(query, (*values, limit))]
        photos = self.visible(ids, below, filters)
        return tuple(photos[i] for i in ids if i in photos)

    def searchable_ids(
        self,
        profile_id: int,
        folder_ids: frozenset[FolderId],
        limit: int | None,
        filters: Sequence[Filter] = (),
    ) -> list[PhotoId] | None:
        """See ``PhotoTable``."""
        files_first = not filters or sql_filters.files_first(filters)
        wanted = _wanted(folder_ids, filters, of_few=not files_first, all_photos=not files_first)
        if files_first:
            # CROSS JOIN and + keep this order: by itself, SQLite reads all files by photo.
            query = f"""
                SELECT DISTINCT +f.photo_id FROM files f
                CROSS JOIN folders o CROSS JOIN photos p
                WHERE o.id = f.folder_id AND p.id = f.photo_id
                    AND {wanted.of_file.sql} AND {wanted.of_photo.sql} AND EXISTS
                    (SELECT 1 FROM indexings i WHERE i.photo_id = p.id AND i.profile_id = ?)
            """
            values = (*wanted.of_file.values, *wanted.of_photo.values, profile_id)
        else:
            query, values = _by_photo(wanted, profile_id)
        most = 2**62 if limit is None else limit + 1
        with self._db.reading() as connection:
            rows = connection.execute(f"{query} LIMIT ?", (*values, most)).fetchall()
        if limit is not None and len(rows) > limit:
            return None
        return [PhotoId(row[0]) for row in rows]

    def has_values(self, kind: FilterKind) -> bool:
        """See ``PhotoTable``."""
        given = sql_filters.photos_with_values(kind)
        if given is None:
            return False
        query = f"""
            SELECT EXISTS(SELECT 1 FROM {given} AND EXISTS (
                SELECT 1 FROM files f JOIN folders o ON o.id = f.folder_id
                WHERE f.photo_id = p.id AND {_VISIBLE}))
        """
        with self._db.reading() as connection:
            return bool(connection.execute(query).fetchone()[0])

    def metadata(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, PhotoMetadata]:
        """See ``PhotoTable``."""
        query = f"""SELECT {", ".join(metadata_columns.COLUMNS)}, details, id FROM photos
                    WHERE id IN (SELECT value FROM json_each(?))"""
        with self._db.reading() as connection:
            rows = connection.execute(query, (_json(photo_ids),)).fetchall()
        return {PhotoId(row[-1]): metadata_columns.from_row(row[:-1]) for row in rows}

    def all_ids(self) -> set[PhotoId]:
        """See ``PhotoTable``."""
        with self._db.reading() as connection:
            return {PhotoId(row[0]) for row in connection.execute("SELECT id FROM photos")}


def _photo(row: tuple) -> Photo:
    return Photo(
        id=PhotoId(row[0]),
        path=Path(from_stored(row[1])) / from_stored(row[2]),
        available=bool(row[3]),
        size_wh=(row[4], row[5]),
        taken_at=row[6],
        camera=row[7],
        size_bytes=row[8],
        taken_until=row[9],
    )


def _wanted(
    folder_ids: Iterable[FolderId],
    filters: Sequence[Filter],
    *,
    of_few: bool = False,
    all_photos: bool = False,
) -> sql_filters.FileConditions:
    """Visible files, below one of the folders if any are given, that pass the filters."""
    ids = tuple(int(i) for i in folder_ids)
    below = f"{_VISIBLE} AND f.folder_id IN ({_marks(ids)})" if ids else _VISIBLE
    visible = sql_filters.Condition(below, ids)
    return sql_filters.conditions(filters, visible, of_few=of_few, all_photos=all_photos)


def _by_photo(
    wanted: sql_filters.FileConditions, profile_id: int
) -> tuple[str, tuple[str | int | float, ...]]:
    """A query for the ids of photos ``p`` with vectors and a file that is wanted, with its values;
    it can be gone on with AND."""
    query = f"""
        SELECT p.id FROM photos p
        WHERE {wanted.of_photo.sql}
            AND EXISTS (SELECT 1 FROM indexings i WHERE i.photo_id = p.id AND i.profile_id = ?)
            AND EXISTS (SELECT 1 FROM files f JOIN folders o ON o.id = f.folder_id
                WHERE f.photo_id = p.id AND {wanted.of_file.sql})
    """
    return query, (*wanted.of_photo.values, profile_id, *wanted.of_file.values)


def _json(photo_ids: Sequence[PhotoId]) -> str:
    """One parameter for any number of ids."""
    return json.dumps([int(i) for i in photo_ids])


def _marks(values: Sequence) -> str:
    return ",".join("?" * len(values))

"""Results of indexing one file, each written in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from engine.errors import EngineError
from engine.records import PhotoId, PhotoMetadata, RegionId
from engine.store import deletion
from engine.store.blocks import region_block, region_masks
from engine.store.connections import Connection, Connections
from engine.store.photo_values import metadata_columns
from engine.store.photo_values.metadata_terms import terms_of
from engine.store.rows import AnalysedPhoto, FileRow, FileVersion, IndexLevel, Written, now


class Results:
    """Writes to several tables; see ``ResultWriter``."""

    def __init__(self, db: Connections) -> None:
        self._db = db

    def known_photo(
        self, version: FileVersion, profile_id: int, level: IndexLevel = IndexLevel.FULL
    ) -> PhotoId | None:
        """See ``ResultWriter``."""
        query = """SELECT p.id FROM photos p JOIN indexings i ON i.photo_id = p.id
                   WHERE p.content_hash = ? AND p.size_bytes = ? AND i.profile_id = ?
                       AND i.level IN ('full', ?)"""
        values = (version.content_hash, version.size_bytes, profile_id, level.value)
        with self._db.reading() as connection:
            row = connection.execute(query, values).fetchone()
            return PhotoId(row[0]) if row else None

    def link_known(self, file: FileRow, version: FileVersion, photo_id: PhotoId) -> Written:
        """See ``ResultWriter``."""
        with self._db.writing() as connection:
            exists = connection.execute(
                "SELECT 1 FROM photos WHERE id = ? /*pg FOR UPDATE */", (photo_id,)
            ).fetchone()
            if exists is None:
                return Written(None)
            connection.execute(
                "INSERT INTO metadata_due SELECT id FROM files WHERE id = ? ON CONFLICT DO NOTHING",
                (file.id,),
            )
            return _assign_photo(connection, file, version, photo_id)

    def write(
        self,
        file: FileRow,
        photo: AnalysedPhoto,
        profile_id: int,
        keep_thumbnail: Callable[[PhotoId, bytes], None],
    ) -> Written:
        """See ``ResultWriter``. If the process dies after ``keep_thumbnail`` and before the commit,
        the next photo gets the same id and overwrites the thumbnail."""
        with self._db.writing() as connection:
            watched = connection.execute("SELECT 1 FROM files WHERE id = ?", (file.id,)).fetchone()
            if watched is None:
                return Written(None)
            photo_id = _photo_id(connection, photo)
            _keep_metadata(connection, file, photo_id, photo.metadata)
            replaced: tuple[RegionId, ...] = ()
            if photo.level is IndexLevel.FULL:
                replaced = _remove_coarse(connection, photo_id, profile_id)
            things = len(photo.rles)
            fresh = connection.execute(
                "INSERT INTO indexings VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (photo_id, profile_id, photo.level.value, things, now()),
            )
            if fresh.rowcount:
                self._insert_regions(connection, photo_id, profile_id, photo)
                keep_thumbnail(photo_id, photo.thumbnail_jpeg)
            return replace(
                _assign_photo(connection, file, photo.version, photo_id), replaced_regions=replaced
            )

    def _insert_regions(
        self, connection: Connection, photo_id: PhotoId, profile_id: int, photo: AnalysedPhoto
    ) -> None:
        """Under ids that were never used: ``sqlite_sequence`` knows the highest, ``last_id``."""
        count = len(photo.vectors)
        connection.execute(
            """INSERT INTO region_blocks(last_id, photo_id, profile_id, regions, block, masks)
               VALUES (coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'region_blocks'), 0)
                   + ?, ?, ?, ?, ?, ?)""",
            (
                *(count, photo_id, profile_id, count),
                *(packed(photo), region_masks.encode(photo.rles)),
            ),
        )

    def record_failure(self, file: FileRow, error: EngineError, stage: str) -> None:
        """See ``ResultWriter``."""
        query = """
            INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)
            ON CONFLICT(file_id) DO UPDATE SET kind = excluded.kind, message = excluded.message,
                hint = excluded.hint, stage = excluded.stage, size_bytes = excluded.size_bytes,
                mtime_ns = excluded.mtime_ns, attempts = failures.attempts + 1,
                happened_at = excluded.happened_at
        """
        values = (file.id, error.kind, error.message, error.hint or "", stage)
        with self._db.writing() as connection:
            cursor = connection.execute(
                """UPDATE files SET state = 'failed'
                   WHERE id = ? AND size_bytes = ? AND mtime_ns = ?""",
                (file.id, file.size_bytes, file.mtime_ns),
            )
            if cursor.rowcount:  # else the file has changed meanwhile and is pending again
                connection.execute(query, (*values, file.size_bytes, file.mtime_ns, now()))

    def record_metadata(self, found: Sequence[tuple[FileRow, PhotoMetadata | None]]) -> None:
        """See ``ResultWriter``."""
        held = "SELECT photo_id FROM files WHERE id = ? AND photo_id = ? AND state = 'ready'"
        with self._db.writing() as connection:
            for file, metadata in found:
                row = connection.execute(held, (file.id, file.photo_id)).fetchone()
                if row is not None and metadata is not None:
                    locked = "SELECT 1 FROM photos WHERE id = ? /*pg FOR UPDATE */"
                    connection.execute(locked, row)
                    _keep_metadata(connection, file, PhotoId(row[0]), metadata)
                connection.execute("DELETE FROM metadata_due WHERE file_id = ?", (file.id,))

    def record_missing(self, file: FileRow) -> None:
        """See ``ResultWriter``."""
        with self._db.writing() as connection:
            connection.execute(
                "UPDATE files SET missing_since = ? WHERE id = ? AND missing_since IS NULL",
                (now(), file.id),
            )


def _photo_id(connection: Connection, photo: AnalysedPhoto) -> PhotoId:
    """The row of this content, made if there is none; other writers leave it alone until the end
    of the transaction."""
    version = photo.version
    known = """SELECT id FROM photos WHERE content_hash = ? AND size_bytes = ?
               /*pg FOR UPDATE */"""
    content = (version.content_hash, version.size_bytes)
    row = connection.execute(known, content).fetchone()
    if row:
        return PhotoId(row[0])
    fresh = connection.execute(
        """INSERT INTO photos(content_hash, size_bytes, width_px, height_px, dated_at, added_at)
           VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id""",
        (*content, *photo.size_wh, _modified_at(version.mtime_ns), now()),
    ).fetchone()
    # Another indexer may have been faster.
    return PhotoId((fresh or connection.execute(known, content).fetchone())[0])


def _keep_metadata(
    connection: Connection, file: FileRow, photo_id: PhotoId, metadata: PhotoMetadata
) -> None:
    """Keep what one file of a photo says, unless another file of it has more to say.

    Copies differ in the files beside them and in their names only: one with a sidecar speaks for
    all, and a guess takes the place of no other date.
    """
    others = connection.execute(
        """SELECT EXISTS(SELECT 1 FROM sidecars s WHERE s.file_id = f.id) FROM files f
           WHERE f.photo_id = ? AND f.id <> ? AND f.state = 'ready' AND f.missing_since IS NULL""",
        (photo_id, file.id),
    ).fetchall()
    if any(row[0] for row in others):
        own = connection.execute("SELECT 1 FROM sidecars WHERE file_id = ?", (file.id,)).fetchone()
        if own is None:
            return
    if others and (metadata.taken_at is None or metadata.date_guessed):
        metadata = _with_known_date(connection, photo_id, metadata)
    marks = ", ".join(f"{name} = ?" for name in (*metadata_columns.COLUMNS, "details", "dated_at"))
    dated_at = metadata.taken_at or _modified_at(file.mtime_ns)
    connection.execute(
        f"UPDATE photos SET {marks} WHERE id = ?",
        (*metadata_columns.to_row(metadata), dated_at, photo_id),
    )
    connection.execute("DELETE FROM photo_terms WHERE photo_id = ?", (photo_id,))
    for kind, term in sorted(terms_of(metadata)):
        connection.execute("INSERT INTO photo_terms VALUES (?, ?, ?)", (kind, term, photo_id))


def _with_known_date(
    connection: Connection, photo_id: PhotoId, metadata: PhotoMetadata
) -> PhotoMetadata:
    """The metadata with the date that the photo has already, if it has one."""
    row = connection.execute(
        f"SELECT {', '.join(metadata_columns.COLUMNS)}, details FROM photos WHERE id = ?",
        (photo_id,),
    ).fetchone()
    known = metadata_columns.from_row(row)
    if known.taken_at is None:
        return metadata
    return replace(
        metadata,
        taken_at=known.taken_at,
        taken_until=known.taken_until,
        zone=known.zone,
        date_source=known.date_source,
    )


def _modified_at(mtime_ns: int) -> str:
    """The time of a file, which orders photos without a date; ISO 8601, UTC."""
    seen = datetime.fromtimestamp(mtime_ns / 1e9, UTC).replace(tzinfo=None)
    return seen.isoformat(timespec="seconds")


def _remove_coarse(
    connection: Connection, photo_id: PhotoId, profile_id: int
) -> tuple[RegionId, ...]:
    """Delete a coarse indexing, if that is what there is; its regions."""
    of_photo = (photo_id, profile_id)
    coarse = connection.execute(
        "SELECT 1 FROM indexings WHERE photo_id = ? AND profile_id = ? AND level = 'coarse'",
        of_photo,
    ).fetchone()
    if coarse is None:
        return ()
    rows = connection.execute(
        """DELETE FROM region_blocks WHERE photo_id = ? AND profile_id = ?
           RETURNING last_id, regions""",
        of_photo,
    ).fetchall()
    connection.execute("DELETE FROM indexings WHERE photo_id = ? AND profile_id = ?", of_photo)
    return tuple(
        RegionId(i) for last_id, count in rows for i in range(last_id - count + 1, last_id + 1)
    )


def packed(photo: AnalysedPhoto) -> bytes:
    """The block of a photo."""
    return region_block.pack(
        photo.level is IndexLevel.FULL,
        photo.size_wh,
        photo.boxes_xyxy,
        photo.mask_scores,
        photo.area_fractions,
        photo.vectors,
    )


def _assign_photo(
    connection: Connection, file: FileRow, version: FileVersion, photo_id: PhotoId
) -> Written:
    """Record that the file holds this photo, in the place of an earlier one.

    A recorded failure is deleted only when the photo is indexed in full: a coarse indexing before
    says nothing about whether the next full one will fail again.
    """
    before = connection.execute("SELECT photo_id FROM files WHERE id = ?", (file.id,)).fetchone()
    if before is None:
        return Written(None, deletion.delete_unreferenced(connection, [photo_id]))
    connection.execute(
        """UPDATE files SET photo_id = ?, state = 'ready', size_bytes = ?, mtime_ns = ?,
               missing_since = NULL WHERE id = ?""",
        (photo_id, version.size_bytes, version.mtime_ns, file.id),
    )
    connection.execute(
        """DELETE FROM failures WHERE file_id = ?
           AND EXISTS (SELECT 1 FROM indexings WHERE photo_id = ? AND level = 'full')""",
        (file.id, photo_id),
    )
    # The photo was moved here: its earlier places need not be kept.
    connection.execute(
        "DELETE FROM files WHERE photo_id = ? AND missing_since IS NOT NULL", (photo_id,)
    )
    replaced = [PhotoId(before[0])] if before[0] not in (None, photo_id) else []
    return Written(photo_id, deletion.delete_unreferenced(connection, replaced))

"""Deleting file rows, and photos that no file holds any more. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.records import PhotoId
from engine.store.connections import Connection


def delete_files(connection: Connection, file_ids: Sequence[int]) -> tuple[PhotoId, ...]:
    """Delete file rows with their failures; returns the photos that were deleted with them."""
    photos = set()
    for file_id in file_ids:
        row = connection.execute("SELECT photo_id FROM files WHERE id = ?", (file_id,)).fetchone()
        if row is not None and row[0] is not None:
            photos.add(PhotoId(row[0]))
        connection.execute("DELETE FROM files WHERE id = ?", (file_id,))
    return delete_unreferenced(connection, photos)


def delete_unreferenced(
    connection: Connection, photo_ids: Iterable[PhotoId]
) -> tuple[PhotoId, ...]:
    """Delete those of the photos that no file row holds (missing files count); returns them."""
    deleted = []
    for photo_id in photo_ids:
        connection.execute("SELECT 1 FROM photos WHERE id = ? /*pg FOR UPDATE */", (photo_id,))
        held = connection.execute(
            "SELECT 1 FROM files WHERE photo_id = ? LIMIT 1", (photo_id,)
        ).fetchone()
        if held:
            continue
        connection.execute("DELETE FROM region_blocks WHERE photo_id = ?", (photo_id,))
        connection.execute("DELETE FROM indexings WHERE photo_id = ?", (photo_id,))
        connection.execute("DELETE FROM looks WHERE photo_id = ?", (photo_id,))
        connection.execute("DELETE FROM photos WHERE id = ?", (photo_id,))
        deleted.append(photo_id)
    return tuple(deleted)

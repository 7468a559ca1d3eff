"""The step from one row for each region to one block for each photo, see ``schema_versions``."""

from __future__ import annotations

import sqlite3

import numpy as np

from engine.records import Rle
from engine.store.blocks import region_block, region_masks


def convert(connection: sqlite3.Connection) -> None:
    """Write a block for every indexing, and delete the rows that it was made from, so that their
    space is used again at once. Inside the caller's transaction.

    Regions keep their ids, so an index stays right. An indexing whose rows are not those of a
    whole photo and its things, which a damaged file may hold, is dropped: the photo is indexed
    again.
    """
    highest = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'regions'")
    last_used = (highest.fetchone() or (0,))[0]
    indexings = connection.execute(
        """SELECT i.photo_id, i.profile_id, i.level, i.things, p.width_px, p.height_px
           FROM indexings i JOIN photos p ON p.id = i.photo_id"""
    ).fetchall()
    for photo_id, profile_id, level, things, width, height in indexings:
        of_photo = (photo_id, profile_id)
        rows = connection.execute(
            """SELECT id, kind, x0, y0, x1, y1, mask_score, area_fraction, vector, rle_h, rle_w, rle
               FROM regions WHERE photo_id = ? AND profile_id = ? ORDER BY id""",
            of_photo,
        ).fetchall()
        connection.execute("DELETE FROM regions WHERE photo_id = ? AND profile_id = ?", of_photo)
        if not _is_whole(rows, things):
            connection.execute(
                "DELETE FROM indexings WHERE photo_id = ? AND profile_id = ?", of_photo
            )
            continue
        vectors = np.frombuffer(b"".join(row[8] for row in rows), np.float16)
        numbers = np.array([row[2:8] for row in rows], np.float32)
        block = region_block.pack(
            level == "full",
            (width, height),
            numbers[:, :4],
            numbers[:, 4],
            numbers[:, 5],
            vectors.reshape(len(rows), -1),
        )
        masks = region_masks.encode([Rle((row[9], row[10]), row[11]) for row in rows[1:]])
        connection.execute(
            """INSERT INTO region_blocks(last_id, photo_id, profile_id, regions, block, masks)
               VALUES (?, ?, ?, ?, ?, ?)""",
            (rows[-1][0], *of_photo, len(rows), block, masks),
        )
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'region_blocks'")
    connection.execute("INSERT INTO sqlite_sequence VALUES ('region_blocks', ?)", (last_used,))


def _is_whole(rows: list[tuple], things: int) -> bool:
    """Whether these are the rows of one indexing: first the whole photo, ids without a gap, and
    usable vectors of one length."""
    return (
        len(rows) == things + 1
        and len({len(row[8]) for row in rows}) == 1
        and len(rows[0][8]) % 2 == 0
        and all(np.isfinite(np.frombuffer(row[8], np.float16)).all() for row in rows)
        and rows[-1][0] - rows[0][0] == things
        and [row[1] for row in rows] == ["whole", *["thing"] * things]
    )

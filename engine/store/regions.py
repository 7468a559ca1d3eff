"""The table of regions: records for the window, arrays for scoring, vectors for the index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from engine.records import BoxXyxy, PhotoId, Region, RegionId, Rle
from engine.store.database import Database
from engine.store.rows import RegionRows

_CHUNK = 500

_THING = """SELECT id, photo_id, x0, y0, x1, y1, rle_h, rle_w, rle, mask_score FROM regions
            WHERE kind = 'thing'"""


class Regions:
    """The table ``regions``; see ``RegionTable``."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, region_id: RegionId) -> Region | None:
        """See ``RegionTable``."""
        with self._db.reading() as connection:
            row = connection.execute(f"{_THING} AND id = ?", (int(region_id),)).fetchone()
        return _region(row) if row else None

    def of_photo(self, photo_id: PhotoId, profile_id: int) -> tuple[Region, ...]:
        """See ``RegionTable``."""
        return self.of_photos([photo_id], profile_id).get(photo_id, ())

    def of_photos(
        self, photo_ids: Sequence[PhotoId], profile_id: int
    ) -> dict[PhotoId, tuple[Region, ...]]:
        """See ``RegionTable``."""
        found: dict[PhotoId, list[Region]] = {}
        with self._db.reading() as connection:
            for ids in _chunks(photo_ids):
                marks = ",".join("?" * len(ids))
                query = f"""{_THING} AND profile_id = ? AND photo_id IN ({marks})
                            ORDER BY mask_score DESC, id"""
                for row in connection.execute(query, (profile_id, *ids)):
                    found.setdefault(PhotoId(row[1]), []).append(_region(row))
        return {photo_id: tuple(regions) for photo_id, regions in found.items()}

    def rows(self, photo_ids: Sequence[PhotoId], profile_id: int) -> dict[PhotoId, RegionRows]:
        """See ``RegionTable``."""
        grouped: dict[PhotoId, list[tuple]] = {}
        with self._db.reading() as connection:
            for ids in _chunks(photo_ids):
                marks = ",".join("?" * len(ids))
                query = f"""
                    SELECT r.photo_id, r.id, kind = 'whole', x0 / width_px, y0 / height_px,
                        x1 / width_px, y1 / height_px, mask_score, area_fraction, vector,
                        level = 'full'
                    FROM regions r JOIN photos p ON p.id = r.photo_id
                    JOIN indexings i ON i.photo_id = r.photo_id AND i.profile_id = r.profile_id
                    WHERE r.photo_id IN ({marks}) AND r.profile_id = ? ORDER BY r.id
                """
                for row in connection.execute(query, (*ids, profile_id)):
                    grouped.setdefault(PhotoId(row[0]), []).append(row)
        return {photo_id: _numbers(rows) for photo_id, rows in grouped.items()}

    def fully_indexed(self, photo_ids: Sequence[PhotoId], profile_id: int) -> set[PhotoId]:
        """See ``RegionTable``."""
        found: set[PhotoId] = set()
        with self._db.reading() as connection:
            for ids in _chunks(photo_ids):
                marks = ",".join("?" * len(ids))
                query = f"""SELECT photo_id FROM indexings
                            WHERE photo_id IN ({marks}) AND profile_id = ? AND level = 'full'"""
                rows = connection.execute(query, (*ids, profile_id))
                found.update(PhotoId(row[0]) for row in rows)
        return found

    def ids_of(
        self, photo_ids: Sequence[PhotoId], profile_id: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """See ``RegionTable``."""
        pairs: list[tuple[int, int]] = []
        with self._db.reading() as connection:
            for ids in _chunks(photo_ids):
                marks = ",".join("?" * len(ids))
                query = f"""SELECT id, photo_id FROM regions
                            WHERE photo_id IN ({marks}) AND profile_id = ?"""
                pairs += connection.execute(query, (*ids, profile_id)).fetchall()
        table = np.array(sorted(pairs), np.int64).reshape(-1, 2)
        return table[:, 0].copy(), table[:, 1].copy()

    def photos_of(self, region_ids: Sequence[int]) -> dict[int, PhotoId]:
        """See ``RegionTable``."""
        found: dict[int, PhotoId] = {}
        with self._db.reading() as connection:
            for ids in _chunks(region_ids):
                marks = ",".join("?" * len(ids))
                query = f"SELECT id, photo_id FROM regions WHERE id IN ({marks})"
                found.update(connection.execute(query, ids).fetchall())
        return found

    def vector(self, region_id: RegionId, profile_id: int) -> np.ndarray | None:
        """See ``RegionTable``."""
        query = "SELECT vector FROM regions WHERE id = ? AND profile_id = ?"
        with self._db.reading() as connection:
            row = connection.execute(query, (int(region_id), profile_id)).fetchone()
        return np.frombuffer(row[0], np.float16).astype(np.float32) if row else None

    # -- for the index ---------------------------------------------------------------------

    def vectors_after(
        self, profile_id: int, after: int, up_to: int | None = None, chunk: int = 4096
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """See ``VectorSource``. Each chunk is read in a transaction of its own, so that a long read
        blocks no checkpoint."""
        query = """SELECT id, vector FROM regions
                   WHERE id > ? AND id <= ? AND profile_id = ? ORDER BY id LIMIT ?"""
        last = 2**63 - 1 if up_to is None else up_to
        while True:
            with self._db.reading() as connection:
                rows = connection.execute(query, (after, last, profile_id, chunk)).fetchall()
            if not rows:
                return
            ids = np.array([row[0] for row in rows], np.int64)
            vectors = np.frombuffer(b"".join(row[1] for row in rows), np.float16)
            yield ids, vectors.reshape(len(rows), -1)
            if len(rows) < chunk:
                return
            after = int(ids[-1])

    def ids(self, profile_id: int, after: int = 0, up_to: int | None = None) -> np.ndarray:
        """See ``VectorSource``."""
        query = "SELECT id FROM regions WHERE id > ? AND id <= ? AND profile_id = ? ORDER BY id"
        last = 2**63 - 1 if up_to is None else up_to
        with self._db.reading() as connection:
            rows = connection.execute(query, (after, last, profile_id)).fetchall()
        return np.array([row[0] for row in rows], np.int64)


def _numbers(rows: list[tuple]) -> RegionRows:
    things = [row for row in rows if not row[2]]
    whole = next(row for row in rows if row[2])
    numbers = np.array([row[3:9] for row in things], np.float32).reshape(-1, 6)
    vectors = np.frombuffer(b"".join(row[9] for row in things), np.float16)
    whole_vector = np.frombuffer(whole[9], np.float16).astype(np.float32)
    return RegionRows(
        ids=np.array([row[1] for row in things], np.int64),
        boxes_xyxy=numbers[:, :4],
        mask_scores=numbers[:, 4],
        area_fractions=numbers[:, 5],
        vectors=vectors.astype(np.float32).reshape(len(things), whole_vector.size),
        whole=whole_vector,
        outlined=bool(whole[10]),
    )


def _region(row: tuple) -> Region:
    return Region(
        id=RegionId(row[0]),
        photo_id=PhotoId(row[1]),
        box_xyxy=BoxXyxy(*row[2:6]),
        rle=Rle((row[6], row[7]), row[8]),
        mask_score=row[9],
    )


def _chunks(ids: Sequence) -> Iterator[list[int]]:
    for start in range(0, len(ids), _CHUNK):
        yield [int(i) for i in ids[start : start + _CHUNK]]

"""The table of regions: records for the window, arrays for scoring, vectors for the index."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from engine.errors import StoreDamaged
from engine.records import BoxXyxy, PhotoId, Region, RegionId
from engine.store.blocks import region_block, region_masks
from engine.store.connections import Connection, Connections
from engine.store.rows import RegionRows

_VERIFIED = 200
"""Photos whose blocks are read at once when all are verified."""

_SPANS = "region_blocks INDEXED BY region_spans"
"""Without blocks in them, a few pages hold the spans of ids of thousands of photos."""
_BLOCK_OF = f"""(SELECT min(last_id) FROM {_SPANS} WHERE last_id >= value)"""
"""The block that holds the region ``value``, if any does: blocks do not overlap."""
_AMONG = "photo_id IN (SELECT value FROM json_each(?)) AND profile_id = ?"


class Regions:
    """The table ``region_blocks``; see ``RegionTable`` and, for its columns, ``SCHEMA.md``."""

    def __init__(self, db: Connections) -> None:
        self._db = db

    def get(self, region_id: RegionId) -> Region | None:
        """See ``RegionTable``."""
        return self.get_many([region_id]).get(region_id)

    def get_many(self, region_ids: Sequence[RegionId]) -> dict[RegionId, Region]:
        """See ``RegionTable``."""
        query = f"""SELECT photo_id, last_id, block, masks FROM region_blocks
                    WHERE last_id IN (SELECT {_BLOCK_OF} FROM json_each(?))
                    """
        wanted = {int(i) for i in region_ids}
        with self._reading() as connection:
            rows = connection.execute(query, (_json(wanted),)).fetchall()
            return {r.id: r for row in rows for r in _regions(*row, wanted=wanted)}

    def of_photo(self, photo_id: PhotoId, profile_id: int) -> tuple[Region, ...]:
        """See ``RegionTable``."""
        return self.of_photos([photo_id], profile_id).get(photo_id, ())

    def of_photos(
        self, photo_ids: Sequence[PhotoId], profile_id: int
    ) -> dict[PhotoId, tuple[Region, ...]]:
        """See ``RegionTable``."""
        query = f"""SELECT photo_id, last_id, block, masks FROM region_blocks
                    WHERE {_AMONG} AND regions > 1"""
        with self._reading() as connection:
            rows = connection.execute(query, (_json(photo_ids), profile_id))
            return {PhotoId(row[0]): _regions(*row) for row in rows}

    def rows(self, photo_ids: Sequence[PhotoId], profile_id: int) -> dict[PhotoId, RegionRows]:
        """See ``RegionTable``."""
        query = f"SELECT photo_id, last_id, block FROM region_blocks WHERE {_AMONG}"
        with self._reading() as connection:
            blocks = connection.execute(query, (_json(photo_ids), profile_id)).fetchall()
            return {
                PhotoId(photo_id): _arrays(region_block.decode(block), last_id)
                for photo_id, last_id, block in blocks
            }

    def fully_indexed(self, photo_ids: Sequence[PhotoId], profile_id: int) -> set[PhotoId]:
        """See ``RegionTable``."""
        query = f"SELECT photo_id FROM indexings WHERE {_AMONG} AND level = 'full'"
        with self._db.reading() as connection:
            rows = connection.execute(query, (_json(photo_ids), profile_id))
            return {PhotoId(row[0]) for row in rows}

    def ids_of(
        self, photo_ids: Sequence[PhotoId], profile_id: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """See ``RegionTable``."""
        query = f"""SELECT last_id, regions, photo_id FROM region_blocks
                    WHERE {_AMONG} ORDER BY last_id"""
        with self._db.reading() as connection:
            rows = connection.execute(query, (_json(photo_ids), profile_id)).fetchall()
        spans = np.array(rows, np.int64).reshape(-1, 3)
        return _ids(spans[:, 0], spans[:, 1]), np.repeat(spans[:, 2], spans[:, 1])

    def photos_of(self, region_ids: Sequence[int]) -> dict[int, PhotoId]:
        """See ``RegionTable``."""
        query = f"""
            SELECT value, (SELECT CASE WHEN last_id - regions < value THEN photo_id END
                FROM {_SPANS} WHERE last_id >= value ORDER BY last_id LIMIT 1)
            FROM json_each(?)
        """
        with self._db.reading() as connection:
            rows = connection.execute(query, (_json(region_ids),)).fetchall()
        return {region_id: photo_id for region_id, photo_id in rows if photo_id is not None}

    def vector(self, region_id: RegionId, profile_id: int) -> np.ndarray | None:
        """See ``RegionTable``."""
        ids, vectors = self.vectors_of(profile_id, np.array([region_id], np.int64))
        return vectors[0] if len(ids) else None

    # -- for the index ---------------------------------------------------------------------

    def vectors_of(self, profile_id: int, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See ``VectorSource``."""
        query = f"""SELECT last_id, block FROM region_blocks
                    WHERE last_id IN (SELECT {_BLOCK_OF} FROM json_each(?))
                        AND profile_id = ? ORDER BY last_id"""
        found: list[np.ndarray] = []
        vectors: list[np.ndarray] = []
        with self._reading() as connection:
            for last_id, block in connection.execute(query, (_json(ids.tolist()), profile_id)):
                of_block = region_block.decode(block).vectors()
                first = last_id - len(of_block) + 1
                wanted = ids[slice(*np.searchsorted(ids, (first, last_id + 1)))]
                found.append(wanted)
                vectors.append(of_block[wanted - first])
        if not found:
            return ids[:0], np.zeros((0, 0), np.float32)
        return np.concatenate(found), np.concatenate(vectors)

    def vectors_after(
        self, profile_id: int, after: int, up_to: int | None = None, chunk: int = 4096
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """See ``VectorSource``. Each chunk is read in a transaction of its own, so that a long read
        blocks no checkpoint."""
        first_spans = f"""SELECT last_id, regions FROM {_SPANS}
                          WHERE last_id > ? AND last_id - regions < ? AND profile_id = ?
                          ORDER BY last_id LIMIT ?"""
        query = """SELECT last_id, block FROM region_blocks
                   WHERE last_id > ? AND last_id <= ? AND profile_id = ? ORDER BY last_id"""
        last = 2**63 - 1 if up_to is None else up_to
        while True:
            ids: list[np.ndarray] = []
            vectors: list[np.ndarray] = []
            count = 0
            with self._reading() as connection:
                spans = connection.execute(first_spans, (after, last, profile_id, chunk)).fetchall()
                if not spans:
                    return
                total = np.cumsum([regions for _, regions in spans])
                # The first block may lie in part before ``after``, so one more than enough.
                end = spans[min(int(np.searchsorted(total, chunk)) + 1, len(spans) - 1)][0]
                for last_id, block in connection.execute(query, (after, end, profile_id)):
                    found = region_block.decode(block).vectors()
                    of_block = np.arange(last_id - len(found) + 1, last_id + 1)
                    inside = slice(*np.searchsorted(of_block, (after + 1, last + 1)))
                    ids.append(of_block[inside])
                    vectors.append(found[inside])
                    count += len(ids[-1])
                    if count >= chunk:
                        break
            yield np.concatenate(ids), np.concatenate(vectors)
            if count < chunk:
                return
            after = int(ids[-1][-1])

    def ids(self, profile_id: int, after: int = 0, up_to: int | None = None) -> np.ndarray:
        """See ``VectorSource``."""
        query = f"""SELECT last_id, regions FROM {_SPANS}
                    WHERE last_id > ? AND last_id - regions < ? AND profile_id = ?
                    ORDER BY last_id"""
        last = 2**63 - 1 if up_to is None else up_to
        with self._db.reading() as connection:
            rows = connection.execute(query, (after, last, profile_id)).fetchall()
        spans = np.array(rows, np.int64).reshape(-1, 2)
        ids = _ids(spans[:, 0], spans[:, 1])
        return ids[(ids > after) & (ids <= last)]

    def drop_damaged(self) -> int:
        """See ``RegionTable``."""
        query = """SELECT last_id, photo_id, profile_id, regions, block, masks FROM region_blocks
                   WHERE last_id > ? ORDER BY last_id LIMIT ?"""
        after, damaged = 0, []
        while True:
            with self._db.reading() as connection:
                rows = connection.execute(query, (after, _VERIFIED)).fetchall()
            if not rows:
                break
            damaged += [row[:3] for row in rows if not _is_sound(*row[3:])]
            after = rows[-1][0]
        with self._db.writing() as connection:
            for last_id, *of_photo in damaged:
                connection.execute("DELETE FROM region_blocks WHERE last_id = ?", (last_id,))
                connection.execute(
                    "DELETE FROM indexings WHERE photo_id = ? AND profile_id = ?", of_photo
                )
        return len(damaged)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """As of the database.

        Raises:
            StoreDamaged: a block cannot be decoded.
        """
        with self._db.reading() as connection:
            try:
                yield connection
            except ValueError as error:
                raise StoreDamaged(
                    f"What the library holds of a photo is damaged ({error}).",
                    operation="reading the library",
                    path=self._db.path,
                    hint="Put the last backup of the library back.",
                ) from error


def _is_sound(regions: int, block: bytes, masks: bytes) -> bool:
    try:
        rows = len(region_block.verify(block).boxes_xyxy)
        region_masks.verify(masks, rows - 1)
    except ValueError:
        return False
    return rows == regions


def _arrays(block: region_block.RegionBlock, last_id: int) -> RegionRows:
    vectors = block.vectors()
    count = len(vectors) - 1
    return RegionRows(
        ids=np.arange(last_id - count + 1, last_id + 1),
        boxes_xyxy=block.boxes_xyxy[1:] / np.array(block.size_wh * 2, np.float32),
        mask_scores=block.mask_scores[1:],
        area_fractions=block.area_fractions[1:],
        vectors=vectors[1:],
        whole=vectors[0],
        outlined=block.outlined,
    )


def _regions(
    photo_id: int, last_id: int, block: bytes, masks: bytes, *, wanted: set[int] | None = None
) -> tuple[Region, ...]:
    """Best mask first, then in the order of their ids; ``wanted``: only these."""
    decoded = region_block.decode(block)
    count = len(decoded.boxes_xyxy) - 1
    first = last_id - count + 1
    chosen = [i for i in range(count) if wanted is None or first + i in wanted]
    rles = region_masks.decode(masks, count, chosen)
    found = [
        Region(
            RegionId(first + i),
            PhotoId(photo_id),
            BoxXyxy(*decoded.boxes_xyxy[1 + i].tolist()),
            rle,
            float(decoded.mask_scores[1 + i]),
        )
        for i, rle in zip(chosen, rles, strict=True)
    ]
    return tuple(sorted(found, key=lambda region: -region.mask_score))


def _ids(last_ids: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """int64: the ids of all regions of blocks, in their order."""
    ends = counts.cumsum()
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(last_ids - ends + 1, counts)


def _json(ids: Iterable[int]) -> str:
    """One parameter for any number of ids."""
    return json.dumps([int(i) for i in ids])

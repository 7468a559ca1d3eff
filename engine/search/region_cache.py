"""Cache of the arrays of regions that queries are compared with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from engine.records import PhotoId
from engine.store.rows import RegionRows
from engine.store.store import RegionTable

_BUDGET_BYTES = 128 * 1024 * 1024


class RegionCache:
    """Arrays of regions by photo; the least recently used are dropped first. Search lane only.

    The regions of a photo under one profile change once at most, when a full indexing replaces a
    coarse one; so arrays of a coarse indexing are checked before they are used again. A deleted
    photo need not be noticed here: it is not among the visible photos.
    """

    def __init__(
        self, regions: RegionTable, profile_id: int, budget_bytes: int = _BUDGET_BYTES
    ) -> None:
        self._regions = regions
        self._profile_id = profile_id
        self._budget_bytes = budget_bytes
        self._rows: OrderedDict[PhotoId, RegionRows] = OrderedDict()
        self._bytes = 0

    def rows(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, RegionRows]:
        """Arrays of the photos; those without vectors are left out."""
        self._drop_outdated(photo_ids)
        missing = [photo_id for photo_id in photo_ids if photo_id not in self._rows]
        fresh = self._regions.rows(missing, self._profile_id)
        found = {}
        for photo_id in photo_ids:
            if photo_id in self._rows:
                self._rows.move_to_end(photo_id)
                found[photo_id] = self._rows[photo_id]
            elif photo_id in fresh:
                found[photo_id] = self._rows[photo_id] = fresh[photo_id]
                self._bytes += fresh[photo_id].nbytes
        while self._bytes > self._budget_bytes and self._rows:
            _, dropped = self._rows.popitem(last=False)
            self._bytes -= dropped.nbytes
        return found

    def _drop_outdated(self, photo_ids: Sequence[PhotoId]) -> None:
        """Drop arrays of a coarse indexing that a full one has replaced."""
        coarse = [i for i in photo_ids if i in self._rows and not self._rows[i].outlined]
        for photo_id in self._regions.fully_indexed(coarse, self._profile_id):
            self._bytes -= self._rows.pop(photo_id).nbytes

"""Folds photos of one moment that look alike into the best hit among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np

from engine.records import PhotoId
from engine.search.ranking import RankedPhoto, Ranking
from engine.store.rows import RegionRows

SAME_MOMENT_S = 60.0
"""Photos that were taken farther apart are never folded."""
ALIKE = 0.95
"""Least cosine of two whole photos of one moment that show the same."""

_EPOCH = datetime(1970, 1, 1)


@dataclass
class FoldedPhoto:
    """A ranked photo, and the lower ranked ones of the same moment that look alike."""

    ranked: RankedPhoto
    similar: list[PhotoId] = field(default_factory=list)


def fold(
    ranking: Ranking,
    rows: Mapping[PhotoId, RegionRows],
    taken_at: Mapping[PhotoId, str | None],
    limit: int,
) -> list[FoldedPhoto]:
    """The first photos of a ranking in their order, each burst once: at the place of its best
    photo. Photos that do not say when they were taken stay alone.

    Args:
        taken_at: local times in ISO 8601 by photo; photos that are not in it are left out.
        limit: how many are wanted. Those after them are no hits, but may be folded into one.
    """
    folded: list[FoldedPhoto] = []
    bursts = _Bursts()
    for item in ranking:
        if item.photo_id not in taken_at:
            continue
        moment = _Moment(_seconds(taken_at[item.photo_id]), item.rows)
        first = bursts.of(moment)
        if first is not None:
            first.similar.append(item.photo_id)
            continue
        folded.append(FoldedPhoto(item))
        bursts.add(moment, folded[-1])
        if len(folded) == limit:
            break
    for photo_id in ranking.rest():
        if taken_at.get(photo_id):
            first = bursts.of(_Moment(_seconds(taken_at[photo_id]), rows[photo_id]))
            if first is not None:
                first.similar.append(photo_id)
    return folded


class _Moment:
    """When a photo was taken, in seconds since a fixed day, and what it looks like."""

    def __init__(self, taken_s: float | None, rows: RegionRows) -> None:
        self.taken_s = taken_s
        self._rows = rows

    @cached_property
    def whole(self) -> np.ndarray:
        """float32 (D,), unit vector of the photo as a whole."""
        return np.asarray(self._rows.whole / max(float(np.linalg.norm(self._rows.whole)), 1e-9))

    def same(self, other: _Moment) -> bool:
        """Whether both show the same at one moment."""
        if self.taken_s is None or other.taken_s is None:
            return False
        near = abs(self.taken_s - other.taken_s) <= SAME_MOMENT_S
        return near and float(self.whole @ other.whole) >= ALIKE


class _Bursts:
    """The hits by the minute in which they were taken."""

    def __init__(self) -> None:
        self._by_minute: dict[int, list[tuple[_Moment, FoldedPhoto]]] = {}

    def of(self, moment: _Moment) -> FoldedPhoto | None:
        """The first hit that shows the same."""
        if moment.taken_s is None:
            return None
        minute = int(moment.taken_s // SAME_MOMENT_S)
        near = (e for m in (minute - 1, minute, minute + 1) for e in self._by_minute.get(m, ()))
        return next((hit for other, hit in near if other.same(moment)), None)

    def add(self, moment: _Moment, hit: FoldedPhoto) -> None:
        """Later photos of this moment belong to this hit."""
        if moment.taken_s is not None:
            minute = int(moment.taken_s // SAME_MOMENT_S)
            self._by_minute.setdefault(minute, []).append((moment, hit))


def _seconds(taken_at: str | None) -> float | None:
    """Seconds since a fixed day, of a local time in ISO 8601; None without a usable one, and for a
    day without a time, which photos of many moments share."""
    if not taken_at or "T" not in taken_at:
        return None
    try:
        local = datetime.fromisoformat(taken_at).replace(tzinfo=None)
    except ValueError:
        return None
    return (local - _EPOCH).total_seconds()

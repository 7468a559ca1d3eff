"""Folds photos of one moment that look alike into the best hit among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from engine.records import Photo, PhotoId
from engine.search.ranking import RankedPhoto

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


def fold(ranked: Sequence[RankedPhoto], photos: Mapping[PhotoId, Photo]) -> list[FoldedPhoto]:
    """The ranked photos in their order, each burst once: at the place of its best photo.

    Photos that do not say when they were taken stay alone.

    Args:
        photos: records by id; ranked photos without one are left out.
    """
    folded: list[FoldedPhoto] = []
    by_minute: dict[int, list[tuple[float, np.ndarray, FoldedPhoto]]] = {}
    for item in ranked:
        photo = photos.get(item.photo_id)
        if photo is None:
            continue
        taken_s = _seconds(photo.taken_at)
        if taken_s is None:
            folded.append(FoldedPhoto(item))
            continue
        whole = item.rows.whole / max(float(np.linalg.norm(item.rows.whole)), 1e-9)
        minute = int(taken_s // SAME_MOMENT_S)
        near = (entry for m in (minute - 1, minute, minute + 1) for entry in by_minute.get(m, ()))
        first = next((one for at, v, one in near if _same(taken_s - at, float(whole @ v))), None)
        if first is not None:
            first.similar.append(item.photo_id)
            continue
        folded.append(FoldedPhoto(item))
        by_minute.setdefault(minute, []).append((taken_s, whole, folded[-1]))
    return folded


def _same(apart_s: float, cosine: float) -> bool:
    return abs(apart_s) <= SAME_MOMENT_S and cosine >= ALIKE


def _seconds(taken_at: str | None) -> float | None:
    """Seconds since a fixed day, of a local time in ISO 8601; None without a usable one."""
    if not taken_at:
        return None
    try:
        local = datetime.fromisoformat(taken_at).replace(tzinfo=None)
    except ValueError:
        return None
    return (local - _EPOCH).total_seconds()

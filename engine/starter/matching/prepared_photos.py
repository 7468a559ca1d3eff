"""What is computed of a photo once and used for every query: nearest names, geometry."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.scoring.term_scorer import PhotoArrays
from engine.starter.matching.region_geometry import RegionGeometry

KEPT_NAMES = 48
"""Names kept of each region. Margins to names of other things need the best of these only; there
are seldom so many kinds of one thing before it."""
NAME_SHARPNESS = 12.0
"""How fast a name's share falls with its distance from the best similarity."""
KEPT_BYTES = 48 * 1024 * 1024


@dataclass(frozen=True)
class NearestNames:
    """What is kept of the similarities of a photo's N regions and of the photo as a whole, which is
    the last row, to all V known names.

    Attributes:
        indexes: int16 (N + 1, K), the most similar names, in no particular order.
        similarities: float32 (N + 1, K), to these.
        totals: float64 (N + 1,), the sum of exp(similarity x ``NAME_SHARPNESS``) over all names.
    """

    indexes: np.ndarray
    similarities: np.ndarray
    totals: np.ndarray

    @classmethod
    def of(cls, similarities: np.ndarray) -> NearestNames:
        """From the similarities to all names, float32 (N + 1, V)."""
        kept = min(KEPT_NAMES, similarities.shape[1])
        indexes = np.argpartition(-similarities, kept - 1, axis=1)[:, :kept]
        totals = np.exp(similarities * np.float32(NAME_SHARPNESS)).sum(axis=1, dtype=np.float64)
        nearest = np.take_along_axis(similarities, indexes, axis=1)
        return cls(indexes.astype(np.int16), nearest, totals)


@dataclass(frozen=True)
class PreparedPhoto:
    """A photo's arrays with what follows from them for any query."""

    arrays: PhotoArrays
    names: NearestNames
    geometry: RegionGeometry

    @classmethod
    def of(cls, photo: PhotoArrays, known_names: np.ndarray) -> PreparedPhoto:
        """Prepare a photo; ``known_names``: float32 (V, D), unit vectors."""
        rows = np.vstack([photo.vectors, photo.whole[None]])
        return cls(photo, NearestNames.of(rows @ known_names.T), RegionGeometry(photo))


class PreparedPhotos:
    """Prepares photos and keeps those used last. Search lane only.

    Args:
        known_names: float32 (V, D), unit vectors.
    """

    def __init__(self, known_names: np.ndarray, kept_bytes: int = KEPT_BYTES) -> None:
        self._known_names = known_names
        self._kept_bytes = kept_bytes
        self._bytes = 0
        self._kept: OrderedDict[int, tuple[weakref.ref[PhotoArrays], PreparedPhoto]] = OrderedDict()

    def of(self, photos: Sequence[PhotoArrays]) -> list[PreparedPhoto]:
        """The photos, prepared."""
        found = [self._prepared(photo) for photo in photos]
        while self._bytes > self._kept_bytes and self._kept:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._bytes -= _nbytes(oldest)
        return found

    def _prepared(self, photo: PhotoArrays) -> PreparedPhoto:
        entry = self._kept.pop(id(photo), None)
        if entry is not None and entry[0]() is photo:
            self._kept[id(photo)] = entry
            return entry[1]
        if entry is not None:  # of another photo that was at this address
            self._bytes -= _nbytes(entry[1])
        prepared = PreparedPhoto.of(photo, self._known_names)
        self._kept[id(photo)] = (weakref.ref(photo), prepared)
        self._bytes += _nbytes(prepared)
        return prepared


def _nbytes(prepared: PreparedPhoto) -> int:
    names = prepared.names
    # The arrays may have been dropped elsewhere, and are kept by this.
    sizes = (
        prepared.arrays.vectors.nbytes,
        names.indexes.nbytes,
        names.similarities.nbytes,
        names.totals.nbytes,
    )
    return sum(sizes) + prepared.geometry.nbytes

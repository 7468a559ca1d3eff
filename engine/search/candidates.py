"""Candidates: the photos that are scored exactly, found with the vector index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from engine.index.vector_index import VectorIndex
from engine.records import PhotoId
from engine.search.query import ResolvedQuery
from engine.store.store import Store

ALL_PHOTOS = 2000
"""Up to this many photos, each one is scored exactly and the index is not searched."""
CANDIDATES = 400
"""Photos scored exactly otherwise."""
_FIRST_REGIONS = 2000
_MOST_REGIONS = 8000
"""If so many nearest regions lie in too few photos that may be hits, the regions of all photos that
may be are compared: by then it is as fast (10 million regions a minute on one core), and exact."""


@dataclass(frozen=True)
class CandidatePhotos:
    """Visible photos that pass the filters, in no particular order.

    Attributes:
        complete: False if the index could not search all regions.
    """

    photo_ids: list[PhotoId]
    complete: bool = True


def find(query: ResolvedQuery, store: Store, index: VectorIndex) -> CandidatePhotos:
    """Photos that may be among the best hits of the query: for each of its vectors, those with the
    nearest regions; without a vector, all.

    Filters and folders come first: what they leave is searched as if the library held nothing
    else. Which photos they leave is all they decide; a photo that is a candidate with and without
    them is scored from its own vectors both times.

    Raises:
        ValueError: a filter's value is not of the type that its kind has.
    """
    scope = _Scope(query, store, index)
    few = scope.photo_ids(ALL_PHOTOS if len(query.vectors) else None)
    if few is not None:
        return CandidatePhotos([photo_id for photo_id in few if photo_id != query.like_photo])
    near = chain.from_iterable(_nearest(vector, scope) for vector in query.vectors)
    return CandidatePhotos(_unique(near), index.complete)


@dataclass
class _Scope:
    """The photos that may be hits of a query, and where they are found."""

    query: ResolvedQuery
    store: Store
    index: VectorIndex

    def photo_ids(self, limit: int | None) -> list[PhotoId] | None:
        """All of them; None if there are more than ``limit``."""
        return self.store.photos.searchable_ids(
            self.index.profile_id, self.query.request.folder_ids, limit, self.query.filters
        )

    def allowed(self, photo_ids: Sequence[PhotoId]) -> set[PhotoId]:
        """Those of the photos that may be hits."""
        visible = self.store.photos.visible_ids(
            photo_ids, self.query.request.folder_ids, self.query.filters
        )
        return visible - {self.query.like_photo}

    @cached_property
    def regions(self) -> tuple[np.ndarray, np.ndarray]:
        """int64 (N,) ids of their regions, ascending, and int64 (N,) the photo of each."""
        return self.store.regions.ids_of(self.photo_ids(None) or [], self.index.profile_id)


def _nearest(vector: np.ndarray, scope: _Scope) -> list[PhotoId]:
    """The photos with the nearest regions, nearest first."""
    limit = scope.query.request.limit
    wanted = max(CANDIDATES, 4 * limit)
    enough = max(CANDIDATES // 2, 2 * limit)
    k = _FIRST_REGIONS
    while True:
        near = scope.index.search(vector, k)
        photo_of = scope.store.regions.photos_of(near.ids.tolist())
        # Deleted regions are not in the store any more.
        ordered = _unique(photo_of[i] for i in near.ids.tolist() if i in photo_of)
        allowed = scope.allowed(ordered)
        if len(allowed) >= enough or len(near.ids) < k:
            return [photo_id for photo_id in ordered if photo_id in allowed][:wanted]
        if k >= _MOST_REGIONS:
            return _compared(vector, scope, wanted)
        k *= 4


def _compared(vector: np.ndarray, scope: _Scope, wanted: int) -> list[PhotoId]:
    """The nearest of all photos that may be hits, by their nearest region."""
    region_ids, photo_ids = scope.regions
    for k in (_MOST_REGIONS, len(region_ids)):
        near = scope.index.search(vector, k, region_ids)
        ordered = photo_ids[np.searchsorted(region_ids, near.ids)]
        found = [
            photo_id
            for photo_id in _unique(PhotoId(i) for i in ordered.tolist())
            if photo_id != scope.query.like_photo
        ]
        if len(found) >= wanted:
            break
    return found[:wanted]


def _unique(photo_ids: Iterable[PhotoId]) -> list[PhotoId]:
    """Without repetitions, in their order."""
    return list(dict.fromkeys(photo_ids))

"""Stage one, first half: which photos are worth an exact look."""

from __future__ import annotations

from dataclasses import dataclass

from engine.index.vector_index import VectorIndex
from engine.records import Photo, PhotoId
from engine.search.query import Query
from engine.store.store import Store

ALL_PHOTOS = 1000
"""Up to this many photos, every one is looked at exactly and the index is not asked."""
CANDIDATES = 400
"""Photos looked at exactly otherwise."""
_FIRST_REGIONS = 4000
_MOST_REGIONS = 64_000


@dataclass(frozen=True)
class CandidatePhotos:
    """Visible photos in no order that matters. ``complete`` is False if the index could not
    answer for the whole library."""

    photos: dict[PhotoId, Photo]
    complete: bool = True


def find(query: Query, store: Store, index: VectorIndex) -> CandidatePhotos:
    """Photos that may be among the best for the query."""
    folder_ids = query.request.folder_ids
    few = store.photos.searchable_ids(index.profile_id, folder_ids, ALL_PHOTOS)
    if few is not None:
        return CandidatePhotos(_visible(query, store, few))
    wanted = max(CANDIDATES, 2 * query.request.limit)
    k = _FIRST_REGIONS
    while True:
        near = index.search(query.vector, k)
        photo_of = store.regions.photos_of(near.ids)
        # In the order of their best region; deleted regions are not in the store any more.
        ordered = dict.fromkeys(photo_of[i] for i in near.ids.tolist() if i in photo_of)
        photos = _visible(query, store, list(ordered)[: 8 * wanted])
        if len(photos) >= wanted or len(near.ids) < k or k >= _MOST_REGIONS:
            best = [photo_id for photo_id in ordered if photo_id in photos][:wanted]
            return CandidatePhotos({i: photos[i] for i in best}, index.complete)
        k *= 4


def _visible(query: Query, store: Store, photo_ids: list[PhotoId]) -> dict[PhotoId, Photo]:
    found = store.photos.visible(photo_ids, query.request.folder_ids)
    if query.like_photo is not None:
        found.pop(query.like_photo, None)
    return found

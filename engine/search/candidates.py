"""Candidates: the photos that are scored exactly, found with the vector index."""

from __future__ import annotations

from dataclasses import dataclass

from engine.index.vector_index import VectorIndex
from engine.records import PhotoId
from engine.search.query import ResolvedQuery
from engine.store.store import Store

ALL_PHOTOS = 2000
"""Up to this many photos, each one is scored exactly and the index is not searched."""
CANDIDATES = 400
"""Photos scored exactly otherwise."""
_FIRST_REGIONS = 2000
_MOST_REGIONS = 64_000


@dataclass(frozen=True)
class CandidatePhotos:
    """Visible photos, in no particular order.

    Attributes:
        complete: False if the index could not search all regions.
    """

    photo_ids: list[PhotoId]
    complete: bool = True


def find(query: ResolvedQuery, store: Store, index: VectorIndex) -> CandidatePhotos:
    """Photos that may be among the best hits of the query."""
    request = query.request
    few = store.photos.searchable_ids(index.profile_id, request.folder_ids, ALL_PHOTOS)
    if few is not None:
        return CandidatePhotos([photo_id for photo_id in few if photo_id != query.like_photo])
    wanted = max(CANDIDATES, 4 * request.limit)
    enough = max(CANDIDATES // 2, 2 * request.limit)
    k = _FIRST_REGIONS
    while True:
        near = index.search(query.vector, k)
        photo_of = store.regions.photos_of(near.ids.tolist())
        # In the order of their best region. Deleted regions are not in the store any more.
        ordered = list(dict.fromkeys(photo_of[i] for i in near.ids.tolist() if i in photo_of))
        visible = store.photos.visible_ids(ordered, request.folder_ids) - {query.like_photo}
        if len(visible) >= enough or len(near.ids) < k or k >= _MOST_REGIONS:
            best = [photo_id for photo_id in ordered if photo_id in visible][:wanted]
            return CandidatePhotos(best, index.complete)
        k *= 4

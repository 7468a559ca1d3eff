"""From a search request to query vectors and a rule for which photos may be hits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.errors import BadRequest
from engine.records import Filter, PhotoId, SearchRequest
from engine.store.store import RegionTable


@dataclass(frozen=True)
class ResolvedQuery:
    """What the first stage searches for.

    Attributes:
        vectors: float32 (V, D), none of them zero; photos near any of them may be hits. Without a
            vector all photos that pass the filters may be.
        like_photo: in a search by example, the photo of the example region. It is left out of the
            hits, because it is on the screen already.
        filters: conditions on the files; only photos that satisfy all of them may be hits.
    """

    request: SearchRequest
    vectors: np.ndarray
    like_photo: PhotoId | None = None
    filters: tuple[Filter, ...] = ()


def example_query(request: SearchRequest, regions: RegionTable, profile_id: int) -> ResolvedQuery:
    """The query of a request with an example region.

    Raises:
        BadRequest: the example region does not exist (any more), or belongs to another profile,
            whose vectors cannot be compared.
    """
    assert request.like_region is not None, "a request by example"
    region = regions.get(request.like_region)
    vector = regions.vector(request.like_region, profile_id)
    if region is not None and vector is None:
        raise BadRequest(
            "This thing was outlined by other models than those that answer now.",
            operation="searching",
            hint="Search again, and choose the thing among the new hits.",
        )
    if region is None or vector is None:
        raise BadRequest(
            "The thing to search by is no longer in the library.",
            operation="searching",
            hint="Choose another one.",
        )
    return ResolvedQuery(request, vector[None], region.photo_id)

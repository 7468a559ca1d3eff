"""From a search request to a query vector and a rule for which photos may be hits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.embeddings.embedder import QueryNoteProvider, TextEmbedder
from engine.errors import BadRequest, ModelBroken
from engine.records import PhotoId, SearchRequest
from engine.store.store import RegionTable


@dataclass(frozen=True)
class ResolvedQuery:
    """What the first stage searches for.

    Attributes:
        vector: float32 (D,), not zero.
        like_photo: in a search by example, the photo of the example region. It is left out of the
            hits, because it is on the screen already.
        remark: note about the text for the user; empty if there is none.
    """

    request: SearchRequest
    vector: np.ndarray
    like_photo: PhotoId | None = None
    remark: str = ""

    @property
    def text(self) -> str:
        """Empty for a search by example."""
        return "" if self.like_photo is not None else self.request.text.strip()


def resolve(
    request: SearchRequest,
    text_embedder: Callable[[], TextEmbedder],
    regions: RegionTable,
    profile_id: int,
) -> ResolvedQuery | None:
    """The query of a request; None if the text model knows none of its words.

    Args:
        text_embedder: called only if there is a text, because loading it takes long.

    Raises:
        BadRequest: the example region does not exist (any more), or belongs to another profile,
            whose vectors cannot be compared.
        ModelBroken: the text model gives no usable vector.
    """
    if request.like_region is None:
        embedder, text = text_embedder(), request.text.strip()
        remark = embedder.query_note(text) if isinstance(embedder, QueryNoteProvider) else ""
        text_vector = _text_vector(embedder, text)
        return None if text_vector is None else ResolvedQuery(request, text_vector, remark=remark)
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
    return ResolvedQuery(request, vector, region.photo_id)


def _text_vector(embedder: TextEmbedder, text: str) -> np.ndarray | None:
    """float32 (D,); None for the zero vector, which means that no word is known."""
    vectors = np.asarray(embedder.embed([text]), np.float32)
    if vectors.shape != (1, embedder.ndim) or not np.isfinite(vectors).all():
        raise ModelBroken(
            "The text model gave numbers that cannot be used.",
            operation="searching",
            hint="Install Pickout again, or choose other models.",
        )
    vector = vectors[0]
    return vector if float(np.linalg.norm(vector)) > 1e-6 else None

"""A request becomes a vector, and a rule for which photos may answer it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.embeddings.embedder import Remarking, TextEmbedder
from engine.errors import BadRequest, ModelBroken
from engine.records import PhotoId, SearchRequest
from engine.store.store import RegionTable


@dataclass(frozen=True)
class Query:
    """What stage one looks for.

    Attributes:
        vector: float32 (D,); None if the words say nothing the models know.
        like_photo: the photo whose region is the example. It is left out of the answer: whoever
            asks for more like this has it on the screen.
        remark: what to tell whoever typed the text; empty if all is well.
    """

    request: SearchRequest
    vector: np.ndarray | None
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
) -> Query:
    """Args:
        text_embedder: asked for only if there is a text, because loading it takes long.

    Raises:
        BadRequest: the example region does not exist (any more), or is one of other models:
            their vectors cannot be compared.
        ModelBroken: the text model gives no usable vector.
    """
    if request.like_region is None:
        embedder, text = text_embedder(), request.text.strip()
        remark = embedder.remarks(text) if isinstance(embedder, Remarking) else ""
        return Query(request, _text_vector(embedder, text), remark=remark)
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
    return Query(request, vector, region.photo_id)


def _text_vector(embedder: TextEmbedder, text: str) -> np.ndarray | None:
    vectors = np.asarray(embedder.embed([text]), np.float32)
    if vectors.shape != (1, embedder.ndim) or not np.isfinite(vectors).all():
        raise ModelBroken(
            "The text model gave numbers that cannot be used.",
            operation="searching",
            hint="Install Pickout again, or choose other models.",
        )
    vector = vectors[0]
    return vector if float(np.linalg.norm(vector)) > 1e-6 else None

"""The starter profile's embedders: regions by the frozen backbone, texts by the sentence model.

A vector is the meaning, then the colours, then the face: a query that names no colour has zeros in
its colours, and one that asks for no person has a zero for the face, so that they count only when
they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from engine.embeddings.embedder import PhotoVectors
from engine.starter.colours.colour_vectors import (
    COLOUR_WEIGHT,
    COLOURS,
    colour_vectors,
)
from engine.starter.colours.colour_words import parse_colours
from engine.starter.image.backbone import Backbone
from engine.starter.image.face_detector import FaceDetector
from engine.starter.image.face_evidence import region_face_values, whole_face_value
from engine.starter.image.region_features import RegionFeatures, region_features, whole_features
from engine.starter.text import text_encoder
from engine.starter.text.query_meaning import QueryMeaning
from engine.starter.text.text_map import TextMap

FACE_WEIGHT = 0.35
"""The face in the vector of a query for people; the meaning part has length 1. From 0.35 to 0.8 the
order of held-out photos for "person" is the same, and better than without."""
_BESIDE_MEANING = len(COLOURS) + 1
NDIM = text_encoder.NDIM + _BESIDE_MEANING
COLOUR_PART = slice(text_encoder.NDIM, text_encoder.NDIM + len(COLOURS))


class StarterRegionEmbedder:
    """A ``RegionEmbedder``; runs in the process that analyses photos."""

    ndim = NDIM

    def __init__(self, backbone: Backbone, text_map: TextMap, face_detector: FaceDetector) -> None:
        self._backbone = backbone
        self._map = text_map
        self._face_detector = face_detector

    def embed(self, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> PhotoVectors:
        """See ``RegionEmbedder``."""
        features = region_features(self._backbone, photo_rgb, masks_hw)
        colours = colour_vectors(photo_rgb, masks_hw)
        faces = region_face_values(self._face_detector.detect(photo_rgb), masks_hw)
        return PhotoVectors(
            whole=self.embed_whole(photo_rgb),
            regions=region_vectors(self._map, features, colours, faces),
        )

    def embed_whole(self, photo_rgb: np.ndarray) -> np.ndarray:
        """See ``RegionEmbedder``."""
        face = whole_face_value(self._face_detector.detect(photo_rgb), photo_rgb.shape[:2])
        return whole_vector(self._map, whole_features(self._backbone, photo_rgb), face)


class StarterTextEmbedder:
    """A ``TextEmbedder``; NumPy only."""

    ndim = NDIM

    def __init__(self, meaning: QueryMeaning) -> None:
        self._meaning = meaning

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """See ``TextEmbedder``. The meaning part has length 1, or is zero without a meaning."""
        return self.embed_query(texts)[0]

    @cached_property
    def known_names(self) -> np.ndarray:
        """Unit vectors (V, NDIM) of ImageNet's classes and of the names in the annotations."""
        return np.pad(self._meaning.known_names, ((0, 0), (0, _BESIDE_MEANING)))

    @cached_property
    def names(self) -> list[str]:
        """The names that ``known_names`` are the vectors of, in their order."""
        return self._meaning.names

    @cached_property
    def everyday_names(self) -> np.ndarray:
        """For each of ``names`` the index of the everyday name that it is a kind of, or its own."""
        return self._meaning.everyday_names

    def relatives(self, text: str) -> tuple[np.ndarray, np.ndarray] | None:
        """See ``QueryMeaning.relatives``; of the text without its colours."""
        return self._meaning.relatives(parse_colours(text).rest)

    def embed_query(
        self, names: Sequence[str], sentence: str = ""
    ) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of names, float32 (N, NDIM), as of ``embed``, and of a sentence as a whole,
        float32 (NDIM,). Its parts for colours and faces are zero, because they belong to single
        things in it; all is zero without a sentence."""
        parsed = [parse_colours(name) for name in names]
        meanings, whole = self._meaning.query_vectors([query.rest for query in parsed], sentence)
        meanings[[not query.rest.strip() for query in parsed]] = 0
        vectors = np.zeros((len(parsed), NDIM), np.float32)
        vectors[:, : meanings.shape[1]] = meanings
        for row, query in zip(vectors, parsed, strict=True):
            row[COLOUR_PART] = query.weights * COLOUR_WEIGHT
            row[-1] = self._meaning.asks_for_people(query.rest) * FACE_WEIGHT
        return vectors, np.pad(whole, (0, _BESIDE_MEANING))

    @staticmethod
    def colour_weights(text: str) -> np.ndarray:
        """float32 (11,): the colours that a text names, as of ``parse_colours``."""
        return parse_colours(text).weights


def without_colours(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., NDIM) whose colour part is zero."""
    changed = vectors.copy()
    changed[..., COLOUR_PART] = 0
    return changed


def region_vectors(
    text_map: TextMap, features: RegionFeatures, colours: np.ndarray, faces: np.ndarray
) -> np.ndarray:
    """Vectors of regions, float32 (N, NDIM).

    Args:
        colours: their ``colour_vectors``.
        faces: their ``region_face_values``.
    """
    meanings = text_map.region_vectors(features.pooled, features.crops)
    return np.concatenate([meanings, colours, faces[:, None]], axis=1).astype(np.float32)


def whole_vector(text_map: TextMap, features: np.ndarray, face: float) -> np.ndarray:
    """Vector of a whole photo, float32 (NDIM,). Its colour part is zero.

    Args:
        features: of the photo, (1280,).
        face: its ``whole_face_value``.
    """
    meaning = text_map.whole_vectors(features[None])[0]
    return np.concatenate([meaning, np.zeros(len(COLOURS)), [face]]).astype(np.float32)

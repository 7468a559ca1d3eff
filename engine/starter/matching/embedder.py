"""The starter profile's embedders: regions by the frozen backbone, texts by the sentence model.

A vector is the meaning, then the colours: a query that names no colour has zeros there, so that
colours count only when they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np

from engine.embeddings.embedder import PhotoVectors
from engine.starter.colours.colour_vectors import (
    COLOUR_WEIGHT,
    COLOURS,
    colour_vectors,
)
from engine.starter.colours.colour_words import parse_colours
from engine.starter.image.backbone import Backbone
from engine.starter.image.region_features import RegionFeatures, region_features, whole_features
from engine.starter.text import text_encoder
from engine.starter.text.query_meaning import QueryMeaning
from engine.starter.text.text_map import TextMap

NDIM = text_encoder.NDIM + len(COLOURS)


class StarterRegionEmbedder:
    """A ``RegionEmbedder``; runs in the process that analyses photos."""

    ndim = NDIM

    def __init__(self, backbone: Backbone, text_map: TextMap) -> None:
        self._backbone = backbone
        self._map = text_map

    def embed(self, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> PhotoVectors:
        """See ``RegionEmbedder``."""
        features = region_features(self._backbone, photo_rgb, masks_hw)
        colours = colour_vectors(photo_rgb, masks_hw)
        return PhotoVectors(
            whole=self.embed_whole(photo_rgb), regions=region_vectors(self._map, features, colours)
        )

    def embed_whole(self, photo_rgb: np.ndarray) -> np.ndarray:
        """See ``RegionEmbedder``."""
        return whole_vector(self._map, whole_features(self._backbone, photo_rgb))


class StarterTextEmbedder:
    """A ``TextEmbedder``; NumPy only."""

    ndim = NDIM

    def __init__(self, meaning: QueryMeaning) -> None:
        self._meaning = meaning
        # The scorer and the verifier embed the same query one after the other.
        self._embed_cached = lru_cache(maxsize=64)(self._embed_one)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """See ``TextEmbedder``. The meaning part has length 1, or is zero without a meaning."""
        if len(texts) == 1:
            return self._embed_cached(texts[0]).copy()
        return self._embed(texts)

    @cached_property
    def known_names(self) -> np.ndarray:
        """Unit vectors (V, NDIM) of ImageNet's classes and of the names in the annotations."""
        return np.pad(self._meaning.known_names, ((0, 0), (0, len(COLOURS))))

    def _embed_one(self, text: str) -> np.ndarray:
        return self._embed([text])

    def _embed(self, texts: Sequence[str]) -> np.ndarray:
        parsed = [parse_colours(text) for text in texts]
        meanings = self._meaning.vectors([query.rest for query in parsed])
        meanings[[not query.rest.strip() for query in parsed]] = 0
        colours = np.stack([query.weights for query in parsed]) * COLOUR_WEIGHT
        return np.concatenate([meanings, colours], axis=1).astype(np.float32)


def region_vectors(text_map: TextMap, features: RegionFeatures, colours: np.ndarray) -> np.ndarray:
    """Vectors float32 (N, NDIM) from the regions' features and their ``colour_vectors``."""
    meanings = text_map.region_vectors(features.pooled, features.crops)
    return np.concatenate([meanings, colours], axis=1).astype(np.float32)


def whole_vector(text_map: TextMap, features: np.ndarray) -> np.ndarray:
    """Vector float32 (NDIM,) from a photo's features (1280,). Its colour part is zero."""
    meaning = text_map.whole_vectors(features[None])[0]
    return np.pad(meaning, (0, len(COLOURS))).astype(np.float32)

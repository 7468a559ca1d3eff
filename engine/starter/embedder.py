"""The starter profile's embedders: regions by the frozen backbone, texts by the sentence model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.embeddings.embedder import PhotoVectors
from engine.starter.backbone import Backbone
from engine.starter.region_features import region_features
from engine.starter.text_encoder import NDIM, SentenceEncoder
from engine.starter.text_map import PHRASINGS, TextMap, phrasings


class StarterRegionEmbedder:
    """A ``RegionEmbedder``; runs where the backbone runs, in the analyst process."""

    ndim = NDIM

    def __init__(self, backbone: Backbone, text_map: TextMap) -> None:
        self._backbone = backbone
        self._map = text_map

    def embed(self, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> PhotoVectors:
        """See ``RegionEmbedder``."""
        seen = region_features(self._backbone, photo_rgb, masks_hw)
        features = (seen.pooled + seen.crops) / 2
        whole = seen.whole[None]
        return PhotoVectors(
            whole=self._map.whole_vectors(whole, self._backbone.class_logits(whole))[0],
            regions=self._map.region_vectors(features, self._backbone.class_logits(features)),
        )


class StarterTextEmbedder:
    """A ``TextEmbedder``; NumPy only."""

    ndim = NDIM

    def __init__(self, encoder: SentenceEncoder, text_map: TextMap) -> None:
        self._encoder = encoder
        self._map = text_map
        # The scorer and the verifier ask for the same query one after the other.
        self._one = lru_cache(maxsize=64)(self._embed_one)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """See ``TextEmbedder``; unit vectors."""
        if len(texts) == 1:
            return self._one(texts[0]).copy()
        return self._embed(texts)

    def _embed_one(self, text: str) -> np.ndarray:
        return self._embed([text])

    def _embed(self, texts: Sequence[str]) -> np.ndarray:
        sentences = self._encoder.encode(phrasings(texts))
        return self._map.query_vectors(sentences.reshape(len(texts), len(PHRASINGS), NDIM))

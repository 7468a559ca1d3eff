"""From backbone features to the sentence space, and the same centring for queries.

A region's vector is the sum of two guesses. One names the ImageNet classes it looks like and takes
the mean of their names' vectors, weighted by probability (ConSE, Norouzi et al. 2014): it knows
whatever is near one of 1,000 classes. The other is a linear map fitted on annotated regions: it
knows people and whatever else the annotations name. Both are centred, as the queries are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from engine.starter.arrays import load_arrays

FILE_NAME = "text_map.safetensors"
TEMPERATURE = 1.5
CONSE_SHARE = 0.5
PHRASINGS = ("a photo of a {}", "{}")


@dataclass(frozen=True)
class TextMap:
    """Arrays of one fitted map, float32.

    Attributes:
        class_vectors: (1000, 384), centred sentence vectors of the ImageNet class names.
        text_mean: (384,), subtracted from every sentence vector.
        linear: (1280, 384), the fitted map.
        region_mean, whole_mean: (1280,), mean features of regions and of whole photos.
        region_conse_mean, whole_conse_mean: (384,), what ConSE says on average.
    """

    class_vectors: np.ndarray
    text_mean: np.ndarray
    linear: np.ndarray
    region_mean: np.ndarray
    whole_mean: np.ndarray
    region_conse_mean: np.ndarray
    whole_conse_mean: np.ndarray

    @classmethod
    def load(cls, path: Path) -> TextMap:
        """Raises ModelMissing or ModelBroken, as the names say."""
        return cls(**load_arrays(path, {f.name for f in fields(cls)}))

    def save(self, path: Path) -> None:
        """Write as float16 safetensors."""
        from safetensors.numpy import save_file

        arrays = {f.name: getattr(self, f.name).astype(np.float16) for f in fields(self)}
        save_file(arrays, path)

    def region_vectors(self, features: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """float32 (N, 384) of features (N, 1280) and their ImageNet logits (N, 1000)."""
        conse = conse_vectors(logits, self.class_vectors) - self.region_conse_mean
        return _mixed(conse, unit(features - self.region_mean) @ self.linear)

    def whole_vectors(self, features: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """The same for whole photos."""
        conse = conse_vectors(logits, self.class_vectors) - self.whole_conse_mean
        return _mixed(conse, unit(features - self.whole_mean) @ self.linear)

    def query_vectors(self, sentences: np.ndarray) -> np.ndarray:
        """Unit vectors float32 (N, 384) of sentence vectors (N, P, 384), P phrasings each."""
        return unit(unit(sentences.mean(axis=1)) - self.text_mean)


def phrasings(texts: Sequence[str]) -> list[str]:
    """Every text in each of ``PHRASINGS``, text by text."""
    return [phrase.format(text) for text in texts for phrase in PHRASINGS]


def conse_vectors(logits: np.ndarray, class_vectors: np.ndarray) -> np.ndarray:
    """Probability-weighted mean of the class vectors; float32 (N, 384)."""
    scaled = logits / TEMPERATURE
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ class_vectors


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length one; zero rows stay zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _mixed(conse: np.ndarray, linear: np.ndarray) -> np.ndarray:
    return (CONSE_SHARE * unit(conse) + (1 - CONSE_SHARE) * unit(linear)).astype(np.float32)

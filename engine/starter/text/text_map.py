"""From backbone features to the sentence space, and the same centring for queries.

A region's vector is the sum of two guesses. One names the ImageNet classes it looks like and takes
the mean of their names' vectors, weighted by probability (ConSE, Norouzi et al. 2014): it knows
whatever is near one of 1,000 classes. The other is a linear map fitted on annotated regions: it
knows people and whatever else the annotations name. A whole photo has a linear map of its own,
fitted to the names of all that is in it. All are centred, as the queries are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from engine.starter.arrays import load_arrays

FILE_NAME = "text_map.safetensors"
TEMPERATURE = 1.0
CONSE_SHARE = 0.4
PHRASINGS = ("a photo of a {}", "{}")


@dataclass(frozen=True)
class TextMap:
    """Arrays of one fitted map, float32.

    Attributes:
        classifier: (1281, 1000), the backbone's ImageNet classifier, its bias in the last row.
        class_vectors: (1000, 384), centred sentence vectors of the ImageNet class names.
        name_vectors: (M, 384), the same of the names that the linear maps were fitted to,
            in the order of the file of names beside the map.
        text_mean: (384,), subtracted from every sentence vector.
        region_linear, whole_linear: (1280, 384), the fitted maps of regions and whole photos.
        region_mean, whole_mean: (1280,), mean features of regions and of whole photos.
        region_conse_mean, whole_conse_mean: (384,), what ConSE says on average.
    """

    classifier: np.ndarray
    class_vectors: np.ndarray
    name_vectors: np.ndarray
    text_mean: np.ndarray
    region_linear: np.ndarray
    whole_linear: np.ndarray
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

        # In C order: safetensors writes memory as it lies, whatever the strides.
        arrays = {f.name: getattr(self, f.name).astype(np.float16, "C") for f in fields(self)}
        save_file(arrays, path)

    def region_vectors(self, pooled: np.ndarray, crops: np.ndarray) -> np.ndarray:
        """float32 (N, 384) of two views of the same regions, features (N, 1280) each.

        The classes are asked of each view and the answers averaged: an average of the features
        would drown a sure answer in an unsure one.
        """
        views = [class_probabilities(view, self.classifier) for view in (pooled, crops)]
        conse = (views[0] + views[1]) / 2 @ self.class_vectors - self.region_conse_mean
        features = (pooled + crops) / 2
        return _mixed(conse, unit(features - self.region_mean) @ self.region_linear)

    def whole_vectors(self, features: np.ndarray) -> np.ndarray:
        """float32 (N, 384) of whole photos, features (N, 1280)."""
        classes = class_probabilities(features, self.classifier)
        conse = classes @ self.class_vectors - self.whole_conse_mean
        return _mixed(conse, unit(features - self.whole_mean) @ self.whole_linear)

    def query_vectors(self, sentences: np.ndarray) -> np.ndarray:
        """Unit vectors float32 (N, 384) of sentence vectors (N, P, 384), P phrasings each."""
        return unit(unit(sentences.mean(axis=1)) - self.text_mean)


def phrasings(texts: Sequence[str]) -> list[str]:
    """Every text in each of ``PHRASINGS``, text by text."""
    return [phrase.format(text) for text in texts for phrase in PHRASINGS]


def class_probabilities(features: np.ndarray, classifier: np.ndarray) -> np.ndarray:
    """What ImageNet's classes are to features (N, 1280): float32 (N, 1000), rows sum to one."""
    scaled = (features @ classifier[:-1] + classifier[-1]) / TEMPERATURE
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length one; zero rows stay zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _mixed(conse: np.ndarray, linear: np.ndarray) -> np.ndarray:
    return (CONSE_SHARE * unit(conse) + (1 - CONSE_SHARE) * unit(linear)).astype(np.float32)

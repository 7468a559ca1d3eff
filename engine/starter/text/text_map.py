"""Maps backbone features into the sentence space, and centres queries in the same way.

A region's vector is a weighted sum of two predictions. One is the mean of the ImageNet class names'
vectors, weighted by class probability (ConSE, Norouzi et al. 2014); it covers what is similar to
one of 1,000 classes. The other is a linear map fitted on annotated regions; it covers people and
what else the annotations name. Whole photos have their own linear map, fitted to the names of all
that is in them. All vectors are centred, as the queries are.
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
        region_linear: (1280, 384), the fitted map of regions.
        whole_linear: (1280, 384), the fitted map of whole photos.
        region_mean: (1280,), mean features of regions.
        whole_mean: (1280,), mean features of whole photos.
        region_conse_mean: (384,), mean ConSE vector of regions.
        whole_conse_mean: (384,), mean ConSE vector of whole photos.
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
        """Read the safetensors file.

        Raises:
            ModelMissing: there is no such file.
            ModelBroken: it does not hold these arrays.
        """
        return cls(**load_arrays(path, {f.name for f in fields(cls)}))

    def save(self, path: Path) -> None:
        """Write as float16 safetensors."""
        from safetensors.numpy import save_file

        # In C order: safetensors ignores strides and writes the memory as it is.
        arrays = {f.name: getattr(self, f.name).astype(np.float16, "C") for f in fields(self)}
        save_file(arrays, path)

    def region_vectors(self, pooled: np.ndarray, crops: np.ndarray) -> np.ndarray:
        """Vectors float32 (N, 384) of regions, from two arrays of their features (N, 1280).

        The class probabilities of both are averaged, not the features: averaged features would
        blur a certain prediction with an uncertain one.
        """
        views = [class_probabilities(view, self.classifier) for view in (pooled, crops)]
        conse = (views[0] + views[1]) / 2 @ self.class_vectors - self.region_conse_mean
        features = (pooled + crops) / 2
        return _mixed(conse, unit(features - self.region_mean) @ self.region_linear)

    def whole_vectors(self, features: np.ndarray) -> np.ndarray:
        """Vectors float32 (N, 384) of whole photos, from features (N, 1280)."""
        classes = class_probabilities(features, self.classifier)
        conse = classes @ self.class_vectors - self.whole_conse_mean
        return _mixed(conse, unit(features - self.whole_mean) @ self.whole_linear)

    def query_vectors(self, sentences: np.ndarray) -> np.ndarray:
        """Unit vectors float32 (N, 384) of sentence vectors (N, P, 384), P phrasings each."""
        return unit(unit(sentences.mean(axis=1)) - self.text_mean)


def phrasings(texts: Sequence[str]) -> list[str]:
    """Each text in every one of ``PHRASINGS``, text by text."""
    return [phrase.format(text) for text in texts for phrase in PHRASINGS]


def class_probabilities(features: np.ndarray, classifier: np.ndarray) -> np.ndarray:
    """Probabilities of the ImageNet classes, float32 (N, 1000), from features (N, 1280)."""
    scaled = (features @ classifier[:-1] + classifier[-1]) / TEMPERATURE
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; zero rows stay zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _mixed(conse: np.ndarray, linear: np.ndarray) -> np.ndarray:
    return (CONSE_SHARE * unit(conse) + (1 - CONSE_SHARE) * unit(linear)).astype(np.float32)

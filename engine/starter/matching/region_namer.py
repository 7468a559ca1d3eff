"""Names of regions with probabilities: everyday names first, kinds of them added up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.records import RegionLabel
from engine.starter.matching.calibration import Calibration

MOST_LABELS = 3
LEAST_LABEL = 0.1
"""Names below this probability are left out."""


class RegionNamer:
    """Names regions by the known names whose vectors are the most similar. Any thread.

    Args:
        vectors: float32 (V, D), unit vectors of the known names.
        names: the known names.
        groups: for each known name the index of the everyday name that it is a kind of, or its own.
    """

    def __init__(
        self,
        vectors: np.ndarray,
        names: Sequence[str],
        groups: np.ndarray,
        calibration: Calibration,
    ) -> None:
        self._vectors = vectors
        self._names = names
        self._groups = groups
        self._calibration = calibration

    def probabilities(self, regions: np.ndarray) -> np.ndarray:
        """float64 (N, V): that each region has each everyday name, from vectors (N, D).

        By a softmax over the similarities; names that are kinds of another one are zero, theirs are
        added to it. The likeliest one is calibrated, the others are as they compare to it.
        """
        similarities = (regions @ self._vectors.T).astype(np.float64)
        best = similarities.max(axis=1, keepdims=True)
        grouped = grouped_shares(similarities, self._groups, self._calibration.name_sharpness)
        top = grouped.max(axis=1, keepdims=True)
        of_share, of_similarity, constant = self._calibration.named
        right = 1 / (1 + np.exp(-(of_share * np.log(top) + of_similarity * best + constant)))
        return np.asarray(grouped / top * right)

    def labels(self, regions: np.ndarray) -> list[tuple[RegionLabel, ...]]:
        """The likeliest names of each region (N, D), likeliest first."""
        found = []
        for row in self.probabilities(regions):
            best = np.argsort(-row)[:MOST_LABELS]
            found.append(
                tuple(
                    RegionLabel(self._names[i], float(row[i]))
                    for i in best
                    if row[i] >= LEAST_LABEL
                )
            )
        return found


def grouped_shares(similarities: np.ndarray, groups: np.ndarray, sharpness: float) -> np.ndarray:
    """Softmax of similarities (N, V), those of each group added up at its index; (N, V)."""
    shares = np.exp((similarities - similarities.max(axis=1, keepdims=True)) * sharpness)
    shares /= shares.sum(axis=1, keepdims=True)
    grouped = np.zeros_like(shares)
    np.add.at(grouped.T, groups, shares.T)
    return grouped

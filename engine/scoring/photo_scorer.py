"""Protocol of photo scorers: one score and one region from a photo's similarities to a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np


@dataclass(frozen=True)
class RegionSimilarities:
    """Similarities of one photo to one query, with the geometry of its regions.

    Attributes:
        region_scores: float32 (N,), dot products with the query vector.
        mask_scores: float32 (N,), the proposer's confidence, 0..1.
        boxes_xyxy: float32 (N, 4), in fractions of the photo's width and height, 0..1.
        area_fractions: float32 (N,), mask area as a share of the photo, 0..1.
        whole_score: dot product of the query with the whole photo's vector.
    """

    region_scores: np.ndarray
    mask_scores: np.ndarray
    boxes_xyxy: np.ndarray
    area_fractions: np.ndarray
    whole_score: float


@runtime_checkable
class PhotoScorer(Protocol):
    """Scores photos in the first stage. Pure arithmetic on any thread, fitted with the models of
    its profile."""

    def score(self, similarities: RegionSimilarities) -> float:
        """Higher is better; comparable within one query. Called for every candidate photo."""
        ...

    def region(self, similarities: RegionSimilarities) -> int | None:
        """Index of the region to show, None if only the photo as a whole matched. Called for the
        photos that are shown."""
        ...

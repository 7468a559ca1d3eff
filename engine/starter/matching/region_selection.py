"""Selects the region of a photo to show: a whole thing rather than its most typical part."""

from __future__ import annotations

import numpy as np

from engine.scoring.photo_scorer import RegionSimilarities

PART_CONTAINMENT = 0.85
"""Share of a box that must lie within another for its region to count as a part of the other."""
PART_AREA_RATIO = 0.8
"""A part's area is less than this share of the other region's area."""
SMALL_AREA = 0.01
"""Regions that are a smaller share of the photo get a penalty that grows as they get smaller: a
detail is often similar by chance, and an outlined paw does not help."""
_SHARPNESS = 12.0
"""How fast a region's weight falls with its distance from the best similarity."""


def selection_features(similarities: RegionSimilarities) -> np.ndarray:
    """Features of the regions for the selection, float64 (N, 10). Used for fitting and searching.

    Columns: the similarity; log mask score; log area; its square; by how much the most similar part
    of the region exceeds its similarity; the same for the most similar region that it is a part of;
    number of borders of the photo that it touches; share of its box that it fills; IoU with other
    regions, weighted by their similarity and summed; weights of its parts, summed.
    """
    scores, boxes, areas = (
        similarities.region_scores,
        similarities.boxes_xyxy,
        similarities.area_fractions,
    )
    x0, y0, x1, y1 = boxes.T
    box_areas = np.maximum((x1 - x0) * (y1 - y0), 1e-9)
    width = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
    height = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    part_of = (shared / box_areas[:, None] > PART_CONTAINMENT) & (
        areas[:, None] < PART_AREA_RATIO * areas
    )
    overlap = shared / (box_areas[:, None] + box_areas - shared)
    best_part = np.where(part_of.T, scores, -np.inf).max(axis=1)
    best_whole = np.where(part_of, scores, -np.inf).max(axis=1)
    weight = np.exp((scores - scores.max()) * _SHARPNESS)
    size = np.log(np.maximum(areas, 1e-4))
    return np.stack(
        [
            scores,
            np.log(np.maximum(similarities.mask_scores, 1e-3)),
            size,
            size**2,
            np.maximum(best_part - scores, 0),
            np.maximum(best_whole - scores, 0),
            (x0 < 0.01) * 1.0 + (y0 < 0.01) + (x1 > 0.99) + (y1 > 0.99),
            areas / box_areas,
            overlap @ weight - weight,
            part_of.T @ weight,
        ],
        axis=1,
        dtype=np.float64,
    )


def selection_scores(similarities: RegionSimilarities, weights: np.ndarray) -> np.ndarray:
    """Score of each region with fitted ``weights`` (10,), float64 (N,). The highest is shown."""
    small = np.log(SMALL_AREA / np.maximum(similarities.area_fractions, 1e-4))
    return selection_features(similarities) @ weights - np.maximum(small, 0)

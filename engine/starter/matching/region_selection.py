"""Which of a photo's regions to show: the whole thing, not its most typical part."""

from __future__ import annotations

import numpy as np

from engine.scoring.photo_scorer import RegionSimilarities

INSIDE = 0.85
"""Share of a box that must lie within another for its region to count as a part of the other."""
MUCH_SMALLER = 0.8
SMALL = 0.01
"""Regions that are a smaller share of the photo are chosen less readily, the smaller the less: a
detail is often like a thing by chance, and an outlined paw helps nobody."""
_SHARPNESS = 12.0
"""How fast regions with a lower similarity than the best one stop counting as witnesses."""


def choice_rows(similarities: RegionSimilarities) -> np.ndarray:
    """What the choice is made of, when it is fitted and when it is asked; float64 (N, 10).

    The similarity; the logarithms of mask score and area, and the latter's square; how much more
    similar the best part of the region is, and the best region that it is a part of; borders of
    the photo that it touches; how much of its box it fills; how many regions much like the query
    overlap it, and how many lie inside it.
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
    part_of = (shared / box_areas[:, None] > INSIDE) & (areas[:, None] < MUCH_SMALLER * areas)
    overlap = shared / (box_areas[:, None] + box_areas - shared)
    best_part = np.where(part_of.T, scores, -np.inf).max(axis=1)
    best_whole = np.where(part_of, scores, -np.inf).max(axis=1)
    witness = np.exp((scores - scores.max()) * _SHARPNESS)
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
            overlap @ witness - witness,
            part_of.T @ witness,
        ],
        axis=1,
        dtype=np.float64,
    )


def preferences(similarities: RegionSimilarities, weights: np.ndarray) -> np.ndarray:
    """How much each region is preferred, float64 (N,), with fitted ``weights`` (10,)."""
    small = np.log(SMALL / np.maximum(similarities.area_fractions, 1e-4))
    return choice_rows(similarities) @ weights - np.maximum(small, 0)

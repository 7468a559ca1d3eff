"""Which regions of a photo are different things, so that counts count things and not masks."""

from __future__ import annotations

import numpy as np

from engine.masks.geometry import box_overlaps

SAME_IOU = 0.45
"""Boxes that overlap more are the same thing."""
CONTAINED = 0.85
"""Share of a box inside another box from which its region is a part of the other thing."""
GROUP_SHARE = 0.6
"""A region is a group of others rather than one thing if each of at least two distinct ones, with
at least this share of its probability, lies within it."""


def distinct_regions(probabilities: np.ndarray, boxes_xyxy: np.ndarray, least: float) -> list[int]:
    """Indexes of regions that are different things, likeliest first.

    Args:
        probabilities: (N,) that each region shows the thing.
        boxes_xyxy: (N, 4).
        least: regions below this probability are left out.
    """
    order = np.flatnonzero(probabilities >= least)
    order = order[np.argsort(-probabilities[order], kind="stable")]
    if len(order) < 2:
        return [int(i) for i in order]
    iou, within = box_overlaps(boxes_xyxy[order])
    left = np.ones(len(order), bool)
    if len(order) > 2:
        left = ~_groups(probabilities[order], iou, within)
    same = (iou > SAME_IOU) | (within > CONTAINED) | (within.T > CONTAINED)
    kept: list[int] = []
    while left.any():
        kept.append(int(left.argmax()))
        left &= ~same[kept[-1]]
        left[kept[-1]] = False
    return order[kept].tolist()


def _groups(probabilities: np.ndarray, iou: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Which regions hold at least two others that are different things, bool (N,)."""
    inside = (
        (within.T > CONTAINED)
        & (iou <= SAME_IOU)
        & (probabilities >= GROUP_SHARE * probabilities[:, None])
    )
    np.fill_diagonal(inside, False)
    if not inside.any():
        return np.zeros(len(probabilities), bool)
    apart = (iou < 0.1) & (within < 0.3) & (within.T < 0.3)
    beside_others = inside.astype(np.float32) @ apart.astype(np.float32) > 0
    return np.asarray((beside_others & inside).any(axis=1))

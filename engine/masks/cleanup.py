"""Tidying of raw masks: specks dropped, holes filled, near copies removed. No model."""

from __future__ import annotations

import numpy as np

SPECK_SHARE = 0.1
"""Pieces smaller than this share of the largest piece are dropped."""
HOLE_SHARE = 0.03
"""Holes smaller than this share of the mask are filled."""


def tidy_mask(mask_hw: np.ndarray) -> np.ndarray:
    """A bool mask without specks and small holes; an empty mask stays empty.

    >>> tidy_mask(np.array([[1, 1, 0, 0], [1, 1, 0, 0]], bool)).sum()
    np.int64(4)
    """
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask_hw.astype(np.uint8), connectivity=8
    )
    if count < 2:
        return mask_hw.copy()
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    kept = (areas >= areas.max() * SPECK_SHARE)[labels] & mask_hw
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (~kept).astype(np.uint8), connectivity=4
    )
    if count < 2:
        return kept
    height, width = mask_hw.shape
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    at_edge = (left == 0) | (top == 0)
    at_edge |= left + stats[:, cv2.CC_STAT_WIDTH] == width
    at_edge |= top + stats[:, cv2.CC_STAT_HEIGHT] == height
    small = stats[:, cv2.CC_STAT_AREA] < HOLE_SHARE * kept.sum()
    hole = small & ~at_edge
    hole[0] = False
    return kept | hole[labels]


def without_slivers(mask_hw: np.ndarray, share: float = 0.02) -> np.ndarray:
    """A bool mask without threads thinner than ``share`` of the square root of its area, twice
    over; a mask that is all thread stays as it is."""
    import cv2

    radius = int(share * float(mask_hw.sum()) ** 0.5)
    if radius < 1:
        return mask_hw
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    opened = cv2.morphologyEx(mask_hw.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0
    return opened if opened.sum() > 0.5 * mask_hw.sum() else mask_hw


def distinct(masks: np.ndarray, scores: np.ndarray, iou_limit: float, most: int) -> list[int]:
    """Greedy non-maximum suppression: indices to keep, best score first.

    Args:
        masks: bool or float 0/1 (N, ...) of one frame.
        scores: (N,).
        iou_limit: a mask that overlaps a better one by more than this is dropped.
        most: stop after so many.
    """
    flat = masks.reshape(len(masks), -1).astype(np.float32)
    areas = flat.sum(1)
    shared = flat @ flat.T
    ious = shared / np.maximum(areas[:, None] + areas[None] - shared, 1.0)
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        if len(kept) == most:
            break
        if areas[index] > 0 and not (ious[index, kept] > iou_limit).any():
            kept.append(int(index))
    return kept

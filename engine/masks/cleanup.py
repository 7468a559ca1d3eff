"""Tidying of raw masks: specks dropped, holes filled, near copies removed. No model."""

from __future__ import annotations

import numpy as np

from engine.masks.geometry import mask_box

SPECK_SHARE = 0.1
"""Pieces smaller than this share of the largest piece are dropped."""
HOLE_SHARE = 0.03
"""Holes smaller than this share of the mask are filled."""

_COMPARED_AT_ONCE = 32


def tidy_mask(mask_hw: np.ndarray) -> np.ndarray:
    """A bool mask without specks and small holes; an empty mask stays empty.

    >>> tidy_mask(np.array([[1, 1, 0, 0], [1, 1, 0, 0]], bool)).sum()
    np.int64(4)
    """
    import cv2

    box = mask_box(mask_hw)
    if box is None:
        return mask_hw.copy()
    x0, y0, x1, y1 = (int(side) for side in box.as_tuple())
    # Only the mask's own box is looked at, with a rim of background: whatever background reaches
    # the rim is no hole. At the photo's border the rim lies outside, so the border is no wall.
    inner = np.pad(mask_hw[y0:y1, x0:x1], 1)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        inner.astype(np.uint8), connectivity=8
    )
    if count > 2:
        areas = stats[:, cv2.CC_STAT_AREA].copy()
        areas[0] = 0
        inner = (areas >= areas.max() * SPECK_SHARE)[labels] & inner
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (~inner).astype(np.uint8), connectivity=4
    )
    if count > 2:
        hole = stats[:, cv2.CC_STAT_AREA] < HOLE_SHARE * inner.sum()
        hole[0] = False
        hole[labels[0, 0]] = False
        inner = inner | hole[labels]
    tidy = np.zeros_like(mask_hw)
    tidy[y0:y1, x0:x1] = inner[1:-1, 1:-1]
    return tidy


def without_slivers(mask_hw: np.ndarray, share: float = 0.02) -> np.ndarray:
    """A bool mask without threads thinner than ``share`` of the square root of its area, twice
    over; a mask that is all thread stays as it is."""
    import cv2

    radius = int(share * float(mask_hw.sum()) ** 0.5)
    box = mask_box(mask_hw)
    if radius < 1 or box is None:
        return mask_hw
    x0, y0, x1, y1 = (int(side) for side in box.as_tuple())
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    inner = mask_hw[y0:y1, x0:x1].astype(np.uint8)
    # A thing cut by the border of its box goes on beyond it, as far as thinness is concerned.
    inner = cv2.copyMakeBorder(inner, *([radius] * 4), cv2.BORDER_REPLICATE)
    inner = cv2.morphologyEx(inner, cv2.MORPH_OPEN, kernel)[radius:-radius, radius:-radius] > 0
    if inner.sum() <= 0.5 * mask_hw.sum():
        return mask_hw
    opened = np.zeros_like(mask_hw)
    opened[y0:y1, x0:x1] = inner
    return opened & mask_hw


def distinct(masks: np.ndarray, scores: np.ndarray, iou_limit: float, most: int) -> list[int]:
    """Greedy non-maximum suppression: indices to keep, best score first.

    Args:
        masks: bool or float 0/1 (N, ...) of one frame.
        scores: (N,).
        iou_limit: a mask that overlaps a better one by more than this is dropped.
        most: stop after so many.
    """
    flat = masks.reshape(len(masks), -1)
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    chosen = np.zeros((0, flat.shape[1]), np.float32)
    # In blocks, best first: once enough are kept, the overlaps of the rest are never computed.
    for first in range(0, len(order), _COMPARED_AT_ONCE):
        block = order[first : first + _COMPARED_AT_ONCE]
        these = flat[block].astype(np.float32)
        known = len(kept)
        ious = _ious(these, np.concatenate([chosen, these]))
        rivals = list(range(known))
        for row in range(len(block)):
            if these[row].any() and not (ious[row, rivals] > iou_limit).any():
                rivals.append(known + row)
                kept.append(int(block[row]))
            if len(kept) == most:
                return kept
        chosen = np.concatenate([chosen, these[[k - known for k in rivals[known:]]]])
    return kept


def _ious(these: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Of flat masks, float 0/1 (N, P) and (M, P); float32 (N, M)."""
    shared = these @ others.T
    return shared / np.maximum(these.sum(1)[:, None] + others.sum(1) - shared, 1.0)

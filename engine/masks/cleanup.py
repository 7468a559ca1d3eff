"""Post-processing of masks without a model: specks, holes, slivers, near duplicates."""

from __future__ import annotations

import numpy as np

from engine.masks.geometry import mask_box

SPECK_SHARE = 0.1
"""Connected components below this share of the largest one's area are removed."""
HOLE_SHARE = 0.03
"""Holes below this share of the mask's area are filled."""

_NMS_BLOCK = 32


def tidy_mask(mask_hw: np.ndarray) -> np.ndarray:
    """Remove specks and fill small holes of a bool mask (H, W); an empty mask stays empty.

    >>> tidy_mask(np.array([[1, 1, 0, 0], [1, 1, 0, 0]], bool)).sum()
    np.int64(4)
    """
    import cv2

    box = mask_box(mask_hw)
    if box is None:
        return mask_hw.copy()
    x0, y0, x1, y1 = (int(side) for side in box.as_tuple())
    # Only the mask's box is processed, with a rim of background: background connected to the rim is
    # no hole. The rim also surrounds the photo's border, so background at the border is no hole.
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


def remove_slivers(mask_hw: np.ndarray, share: float = 0.02) -> np.ndarray:
    """Remove slivers of a bool mask (H, W), by morphological opening.

    The opening's radius is ``share`` of the square root of the mask's area. A mask that would lose
    half of its area or more is returned unchanged.
    """
    import cv2

    radius = int(share * float(mask_hw.sum()) ** 0.5)
    box = mask_box(mask_hw)
    if radius < 1 or box is None:
        return mask_hw
    x0, y0, x1, y1 = (int(side) for side in box.as_tuple())
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    inner = mask_hw[y0:y1, x0:x1].astype(np.uint8)
    # Replicated borders: an object cut by the border of its box counts as continuing beyond it.
    padded = cv2.copyMakeBorder(inner, radius, radius, radius, radius, cv2.BORDER_REPLICATE)
    kept = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)[radius:-radius, radius:-radius] > 0
    if kept.sum() <= 0.5 * mask_hw.sum():
        return mask_hw
    opened = np.zeros_like(mask_hw)
    opened[y0:y1, x0:x1] = kept
    return opened & mask_hw


def non_maximum_suppression(
    masks: np.ndarray, scores: np.ndarray, iou_limit: float, most: int
) -> list[int]:
    """Greedy non-maximum suppression: indices to keep, best score first.

    Args:
        masks: bool or float 0/1 (N, ...), all of one frame.
        scores: (N,).
        iou_limit: a mask whose IoU with a better one exceeds this is dropped.
        most: largest number of masks to keep.
    """
    flat = masks.reshape(len(masks), -1)
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    kept_masks = np.zeros((0, flat.shape[1]), np.float32)
    # In blocks, best first: once enough masks are kept, the rest is not compared.
    for first in range(0, len(order), _NMS_BLOCK):
        block = order[first : first + _NMS_BLOCK]
        candidates = flat[block].astype(np.float32)
        kept_count = len(kept)
        ious = _ious(candidates, np.concatenate([kept_masks, candidates]))
        compared_rows = list(range(kept_count))
        for row in range(len(block)):
            if candidates[row].any() and not (ious[row, compared_rows] > iou_limit).any():
                compared_rows.append(kept_count + row)
                kept.append(int(block[row]))
            if len(kept) == most:
                return kept
        kept_masks = np.concatenate(
            [kept_masks, candidates[[k - kept_count for k in compared_rows[kept_count:]]]]
        )
    return kept


def _ious(candidates: np.ndarray, others: np.ndarray) -> np.ndarray:
    """IoU of flat masks, float 0/1 (N, P) and (M, P); float32 (N, M)."""
    shared = candidates @ others.T
    return shared / np.maximum(candidates.sum(1)[:, None] + others.sum(1) - shared, 1.0)

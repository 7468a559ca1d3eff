"""Sizes, boxes and overlaps of masks; pure NumPy and OpenCV, no models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.records import BoxXyxy

ANALYSIS_SIDE_PX = 1024
"""Masks are proposed and stored at the analysis size: the longest side is at most this."""


def fit_within(size_wh: tuple[int, int], longest_px: int) -> tuple[int, int]:
    """Width and height scaled down, never up, so that the longest side is at most ``longest_px``.

    >>> fit_within((4000, 3000), 1024)
    (1024, 768)
    """
    width, height = size_wh
    scale = min(1.0, longest_px / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def mask_box(mask_hw: np.ndarray) -> BoxXyxy | None:
    """Tight half-open box around the True pixels, None if there are none."""
    rows, columns = np.flatnonzero(mask_hw.any(axis=1)), np.flatnonzero(mask_hw.any(axis=0))
    if rows.size == 0:
        return None
    return BoxXyxy(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def box_iou(box: BoxXyxy, other: BoxXyxy) -> float:
    """Intersection over union of two boxes, 0..1; 0 if either is empty.

    >>> box_iou(BoxXyxy(0, 0, 2, 2), BoxXyxy(1, 0, 3, 2))
    0.3333333333333333
    """
    return float(box_ious(box, np.array([other.as_tuple()]))[0])


def box_ious(box: BoxXyxy, boxes_xyxy: np.ndarray) -> np.ndarray:
    """IoU of one box with each of ``boxes_xyxy``, float (N, 4); float (N,)."""
    width = np.minimum(box.x1, boxes_xyxy[:, 2]) - np.maximum(box.x0, boxes_xyxy[:, 0])
    height = np.minimum(box.y1, boxes_xyxy[:, 3]) - np.maximum(box.y0, boxes_xyxy[:, 1])
    shared = width.clip(0) * height.clip(0)
    areas = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(axis=1)
    union = areas + box.area - shared
    return np.divide(shared, union, out=np.zeros(len(union)), where=shared > 0)


def box_overlaps(boxes_xyxy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """IoU of each pair of boxes float (..., N, 4), and the share of box i that lies in box j; both
    (..., N, N) of the same dtype. An empty box counts as a very small one."""
    x0, y0, x1, y1 = np.moveaxis(boxes_xyxy, -1, 0)
    areas = np.maximum((x1 - x0) * (y1 - y0), 1e-9)[..., None]
    width, height = (
        np.minimum(high[..., None], high[..., None, :])
        - np.maximum(low[..., None], low[..., None, :])
        for low, high in ((x0, x1), (y0, y1))
    )
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    return shared / (areas + np.swapaxes(areas, -1, -2) - shared), shared / areas


def scale_mask(mask_hw: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Resize a bool mask (H, W) with interpolated edges; a non-empty mask never becomes empty."""
    import cv2

    if (mask_hw.shape[1], mask_hw.shape[0]) == tuple(size_wh):
        return mask_hw
    shrinking = size_wh[0] < mask_hw.shape[1]
    interpolation = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    soft = cv2.resize(mask_hw.astype(np.uint8) * 255, tuple(size_wh), interpolation=interpolation)
    scaled = soft >= 128
    return scaled if scaled.any() or not mask_hw.any() else soft > 0


def mask_ious(masks: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> np.ndarray:
    """Intersection over union of every pair of bool masks of one size; float32 (N, M)."""
    if not len(masks) or not len(others):
        return np.zeros((len(masks), len(others)), np.float32)
    a = np.stack([m.ravel() for m in masks]).astype(np.float32)
    b = np.stack([m.ravel() for m in others]).astype(np.float32)
    shared = a @ b.T
    union = a.sum(1)[:, None] + b.sum(1)[None] - shared
    return shared / np.maximum(union, 1.0)

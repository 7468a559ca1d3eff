"""Boxes with inclusive corners, int (4,) x0, y0, x1, y1, as SAM's own generator compares them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def inclusive_box(mask_hw: np.ndarray) -> np.ndarray | None:
    """The box of the True pixels, its corners being pixels of it; None if there are none."""
    rows, columns = np.flatnonzero(mask_hw.any(1)), np.flatnonzero(mask_hw.any(0))
    if not len(rows):
        return None
    return np.array([columns[0], rows[0], columns[-1], rows[-1]])


def max_box_iou(box: np.ndarray, others: Sequence[np.ndarray]) -> float:
    """Largest IoU of a box with any of the others; 0 if there are none.

    As in SAM's generator, corners are used as coordinates, so a box of one pixel has no area.
    """
    if not len(others):
        return 0.0
    rest = np.stack(others)
    width = np.minimum(box[2], rest[:, 2]) - np.maximum(box[0], rest[:, 0])
    height = np.minimum(box[3], rest[:, 3]) - np.maximum(box[1], rest[:, 1])
    shared = width.clip(0) * height.clip(0)
    areas = (rest[:, 2] - rest[:, 0]) * (rest[:, 3] - rest[:, 1])
    union = areas + (box[2] - box[0]) * (box[3] - box[1]) - shared
    return float((shared / np.maximum(union, 1e-9)).max())

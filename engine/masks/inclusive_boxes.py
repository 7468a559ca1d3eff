"""Boxes as SAM's own generator compares them: first and last column and row, int (4,)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def inclusive_box(mask_hw: np.ndarray) -> np.ndarray | None:
    """x0, y0, x1, y1 of the outermost True pixels; None if there are none."""
    rows, columns = np.flatnonzero(mask_hw.any(1)), np.flatnonzero(mask_hw.any(0))
    if not len(rows):
        return None
    return np.array([columns[0], rows[0], columns[-1], rows[-1]])


def most_overlap(box: np.ndarray, others: Sequence[np.ndarray]) -> float:
    """Largest intersection over union with any of the others; 0 if there are none.

    Corners are taken for coordinates, so that a box of one pixel has no area.
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

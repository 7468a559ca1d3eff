"""Where SAM is asked for masks: the full grid of points, or as much of it as a photo needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

BUDGET = 0.4
"""Share of the full grid's points that an adaptive grid asks at most."""
_FIRST_STEP = 4
_LARGE_SHARE = 1 / 16
"""A mask of more than this share of the photo may have other things on it, so that points inside
it are still asked, ..."""
_LARGE_WEIGHT = 0.5
"""... though later than points that no mask covers."""
_NEAR, _AROUND = 3 / 640, 15 / 640
"""Colours are compared between neighbourhoods of these widths, in shares of the longer side."""


@dataclass(frozen=True)
class Coverage:
    """What good masks cover of the full grid.

    Attributes:
        grid: bool (M, S, S), which of the grid's points lie in each mask.
        area_fractions: (M,), mask area as a share of the photo, 0..1.
    """

    grid: np.ndarray
    area_fractions: np.ndarray


Ask = Callable[[np.ndarray], Coverage]
"""Asks at points (K, 2), x and y in fractions of the photo; good masks only."""


def point_grid(side: int) -> np.ndarray:
    """Evenly spaced points (side * side, 2), x and y in fractions of the photo, row by row."""
    places = (np.arange(side) + 0.5) / side
    xs, ys = np.meshgrid(places, places)
    return np.stack([xs.ravel(), ys.ravel()], axis=1)


def ask_everywhere(side: int, ask: Ask, batch: int) -> int:
    """Ask at every point of the grid; how many that were."""
    points = point_grid(side)
    for start in range(0, len(points), batch):
        ask(points[start : start + batch])
    return len(points)


def ask_adaptively(
    side: int, detail: np.ndarray, ask: Ask, batch: int, budget: float = BUDGET
) -> int:
    """Ask at a coarse grid first, then at finer ones where no good mask lies yet.

    Args:
        detail: float (side, side), how much there is to see around each point; where the points
            left are more than the budget, those with more detail come first.

    Returns:
        how many points were asked.
    """
    points = point_grid(side)
    left = int(budget * side * side)
    asked = np.zeros((side, side), bool)
    covered, covered_by_small = asked.copy(), asked.copy()
    step = _FIRST_STEP
    while step >= 1:
        # In the middle of its cell, so that the coarse grid does not hug one corner.
        due = np.zeros((side, side), bool)
        due[step // 2 :: step, step // 2 :: step] = True
        while left > 0:
            open_points = np.flatnonzero((due & ~asked & ~covered_by_small).ravel())
            if not len(open_points):
                break
            worth = (detail * np.where(covered, _LARGE_WEIGHT, 1.0)).ravel()[open_points]
            order = np.argsort(-worth, kind="stable")
            chosen = open_points[order][: min(batch, left)]
            found = ask(points[chosen])
            asked.ravel()[chosen] = True
            left -= len(chosen)
            small = found.area_fractions <= _LARGE_SHARE
            covered |= found.grid.any(axis=0)
            covered_by_small |= found.grid[small].any(axis=0)
        step //= 2
    return int(asked.sum())


def detail_map(photo_rgb: np.ndarray, side: int) -> np.ndarray:
    """float32 (side, side): how much the colour around each point of the grid stands out."""
    import cv2

    lab = cv2.cvtColor(photo_rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    longest = max(photo_rgb.shape[:2])
    near, far = (cv2.GaussianBlur(lab, (0, 0), share * longest) for share in (_NEAR, _AROUND))
    contrast = np.linalg.norm(near - far, axis=2)
    return cv2.resize(contrast, (side, side), interpolation=cv2.INTER_AREA)

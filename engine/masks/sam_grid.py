"""The points at which SAM is prompted: the full grid, or the part of it that a photo needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

POINT_BUDGET = 0.4
"""Largest share of the full grid's points that an adaptive grid prompts."""
_FIRST_STEP = 4
_LARGE_SHARE = 1 / 16
"""A mask above this share of the photo may contain other objects, so points in it are still
prompted, with the priority below."""
_LARGE_WEIGHT = 0.5
"""Factor of the priority of points in large masks; 1 for points that no mask covers."""
_INNER_SIGMA, _OUTER_SIGMA = 3 / 640, 15 / 640
"""Contrast is the colour difference of two Gaussian blurs of these widths, in shares of the longer
side."""


@dataclass(frozen=True)
class Coverage:
    """The points of the full grid that are covered by the good masks of some prompts.

    Attributes:
        grid: bool (M, S, S), for each mask whether it covers each point.
        area_fractions: (M,), mask area as a share of the photo, 0..1.
    """

    grid: np.ndarray
    area_fractions: np.ndarray


PromptPoints = Callable[[np.ndarray], Coverage]
"""Prompts at points (K, 2), x and y in fractions of the photo; returns the good masks' coverage."""


def point_grid(side: int) -> np.ndarray:
    """Evenly spaced points (side * side, 2), x and y in fractions of the photo, row by row."""
    centres = (np.arange(side) + 0.5) / side
    xs, ys = np.meshgrid(centres, centres)
    return np.stack([xs.ravel(), ys.ravel()], axis=1)


def prompt_full_grid(side: int, prompt: PromptPoints, batch: int) -> int:
    """Prompt at every point of the grid; returns the number of points."""
    points = point_grid(side)
    for start in range(0, len(points), batch):
        prompt(points[start : start + batch])
    return len(points)


def prompt_adaptive_grid(
    side: int, detail: np.ndarray, prompt: PromptPoints, batch: int, budget: float = POINT_BUDGET
) -> int:
    """Prompt at a coarse grid first, then at finer ones where there is no good mask yet.

    Args:
        side: points of the full grid per side.
        detail: float (side, side), contrast around each point. If the budget does not suffice,
            points with more contrast come first.
        prompt: called with each batch of points.
        batch: largest number of points in a batch.
        budget: largest share of the full grid's points to prompt.

    Returns:
        The number of prompted points.
    """
    points = point_grid(side)
    remaining = int(budget * side * side)
    prompted = np.zeros((side, side), bool)
    covered, covered_by_small = prompted.copy(), prompted.copy()
    step = _FIRST_STEP
    while step >= 1:
        # The centre of each cell, so that the coarse grid is not shifted to one corner.
        step_points = np.zeros((side, side), bool)
        step_points[step // 2 :: step, step // 2 :: step] = True
        while remaining > 0:
            open_points = np.flatnonzero((step_points & ~prompted & ~covered_by_small).ravel())
            if not len(open_points):
                break
            priority = (detail * np.where(covered, _LARGE_WEIGHT, 1.0)).ravel()[open_points]
            order = np.argsort(-priority, kind="stable")
            chosen = open_points[order][: min(batch, remaining)]
            coverage = prompt(points[chosen])
            prompted.ravel()[chosen] = True
            remaining -= len(chosen)
            small = coverage.area_fractions <= _LARGE_SHARE
            covered |= coverage.grid.any(axis=0)
            covered_by_small |= coverage.grid[small].any(axis=0)
        step //= 2
    return int(prompted.sum())


def detail_map(photo_rgb: np.ndarray, side: int) -> np.ndarray:
    """Contrast of the colour around each point of the grid, float32 (side, side).

    Args:
        photo_rgb: uint8 (H, W, 3).
        side: points of the grid per side.
    """
    import cv2

    lab = cv2.cvtColor(photo_rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    longest = max(photo_rgb.shape[:2])
    near, far = (
        cv2.GaussianBlur(lab, (0, 0), share * longest) for share in (_INNER_SIGMA, _OUTER_SIGMA)
    )
    contrast = np.linalg.norm(near - far, axis=2)
    return cv2.resize(contrast, (side, side), interpolation=cv2.INTER_AREA)

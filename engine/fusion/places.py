"""How well regions lie at a place in the picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.fusion.soft_threshold import soft_above
from engine.records import Place

_SOFTNESS = 0.05
"""Width of the border between two places, as a share of the photo."""


def _above(values: np.ndarray, threshold: float) -> np.ndarray:
    return soft_above(values, threshold, _SOFTNESS)


def _middle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    distance = np.maximum(np.abs(x - 0.5), np.abs(y - 0.5))
    return _above(-distance, -0.22)


def _corner(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    distance = np.minimum(np.abs(x - 0.5), np.abs(y - 0.5))
    return _above(distance, 0.2)


_BY_CENTRE: dict[Place, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    Place.LEFT: lambda x, y: _above(-x, -0.42),
    Place.RIGHT: lambda x, y: _above(x, 0.58),
    Place.TOP: lambda x, y: _above(-y, -0.42),
    Place.BOTTOM: lambda x, y: _above(y, 0.58),
    Place.MIDDLE: _middle,
    Place.CORNER: _corner,
}
_LARGE_AREA, _SMALL_AREA = 0.15, 0.04
"""Shares of the photo: what is called large is above, what is called small is below."""


def place_probabilities(
    place: Place, boxes_xyxy: np.ndarray, area_fractions: np.ndarray, probabilities: np.ndarray
) -> np.ndarray:
    """How well each region lies at the place, float64 (N,), 0..1.

    Left and right are those of the picture. What lies in the foreground is large or reaches far
    down, what lies in the background is small and ends high. The largest is meant among the regions
    that are likely to be the thing at all.

    Args:
        boxes_xyxy: (N, 4), fractions of the photo's sides.
        area_fractions: (N,), shares of the photo.
        probabilities: (N,), that each region is the thing.
    """
    if not len(boxes_xyxy):
        return np.zeros(0)
    x0, y0, x1, y1 = boxes_xyxy.T.astype(np.float64)
    if place in _BY_CENTRE:
        return _BY_CENTRE[place]((x0 + x1) / 2, (y0 + y1) / 2)
    areas = np.maximum(area_fractions.astype(np.float64), 1e-6)
    if place is Place.LARGE:
        return soft_above(np.log(areas), float(np.log(_LARGE_AREA)), 0.4)
    if place is Place.SMALL:
        return soft_above(-np.log(areas), -float(np.log(_SMALL_AREA)), 0.4)
    if place is Place.FOREGROUND:
        large = soft_above(np.log(areas), float(np.log(_LARGE_AREA)), 0.4)
        return np.maximum(_above(y1, 0.8), large)
    if place is Place.BACKGROUND:
        low = _above(-y1, -0.72)
        return low * soft_above(-np.log(areas), -float(np.log(_LARGE_AREA)), 0.4)
    likely = probabilities >= 0.5 * probabilities.max()
    of_likely = np.where(likely, areas, np.nan)
    extreme = np.nanmax(of_likely) if place is Place.LARGEST else np.nanmin(of_likely)
    return np.where(likely & (areas == extreme), 1.0, 0.02)

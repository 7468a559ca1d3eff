"""Overlays: the photo with one region outlined and the rest dimmed."""

from __future__ import annotations

import numpy as np

from engine.export import matte
from engine.masks import outline
from engine.records import Photo, Region, Rle

ACCENT_RGB = (255, 107, 149)
DIM_TO = 0.55
"""Brightness left outside the region."""
LINE_PX, HALO_PX, HALO_OPACITY = 2.0, 4.0, 0.6
"""Widths on a photo whose longest side is ``WIDTHS_FOR_PX``; larger photos get wider lines."""
WIDTHS_FOR_PX = 1024
_HALO_RGB = (16, 16, 16)
_BAND_ROWS = 256
_SHIFT = 4
"""Fraction bits of the coordinates given to OpenCV: sixteenths of a pixel."""


def make_overlay(photo_rgb: np.ndarray, photo: Photo, region: Region | None) -> np.ndarray:
    """Draw one region on its photo.

    Args:
        photo_rgb: uint8 (H, W, 3), the upright photo at full size; it is left as it is.
        region: None, if the whole photo matched, returns the photo itself.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ExportProblem: the photo's size changed, or the stored mask is unusable.
    """
    matte.check_photo_size(photo_rgb, photo)
    if region is None:
        return photo_rgb
    soft_hw = matte.soft_mask(matte.region_mask(region))
    width, height = photo.size_wh
    halo, line = _strokes(region.rle, photo.size_wh)
    drawn = np.empty_like(photo_rgb)
    # In bands, because float copies of a 100 megapixel photo would take gigabytes.
    for top in range(0, height, _BAND_ROWS):
        bottom = min(top + _BAND_ROWS, height)
        band = photo_rgb[top:bottom].astype(np.float32)
        inside = matte.alpha_in_window(soft_hw, photo.size_wh, (0, top, width, bottom))
        band *= (DIM_TO + (1 - DIM_TO) / 255 * inside.astype(np.float32))[..., None]
        _blend(band, halo[top:bottom], _HALO_RGB, HALO_OPACITY)
        _blend(band, line[top:bottom], ACCENT_RGB, 1.0)
        drawn[top:bottom] = np.rint(band)
    return drawn


def _strokes(rle: Rle, size_wh: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Coverage (uint8, H x W) of the wide dark stroke and of the narrow bright one over it."""
    import cv2

    width, height = size_wh
    scale = max(1.0, max(size_wh) / WIDTHS_FOR_PX)
    points = [
        np.rint((polygon - 0.5) * (1 << _SHIFT)).astype(np.int32).reshape(-1, 1, 2)
        for polygon in outline.outline_polygons(rle, size_wh)
    ]
    strokes = []
    for stroke_px in (HALO_PX, LINE_PX):
        coverage = np.zeros((height, width), np.uint8)
        thickness = max(1, round(stroke_px * scale))
        cv2.polylines(coverage, points, True, 255, thickness, cv2.LINE_AA, _SHIFT)
        strokes.append(coverage)
    return strokes[0], strokes[1]


def _blend(
    band: np.ndarray, coverage: np.ndarray, rgb: tuple[int, int, int], opacity: float
) -> None:
    """Blend a colour into a float band, in place.

    The weight of the colour is ``coverage`` / 255 times ``opacity``.
    """
    touched = coverage > 0
    if not touched.any():
        return
    share = (coverage[touched].astype(np.float32) * (opacity / 255))[:, None]
    band[touched] = band[touched] * (1 - share) + np.array(rgb, np.float32) * share

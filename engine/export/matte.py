"""Opacity of a region at full size: its mask, scaled up with a soft edge."""

from __future__ import annotations

import numpy as np

from engine.errors import ExportProblem
from engine.masks import geometry
from engine.masks import rle as rle_codec
from engine.records import BoxXyxy, Photo, Region

EDGE_BLUR_PX = 0.7
"""Blur of the mask's edge in analysis pixels; with ``EDGE_GAIN`` the edge is about one px wide."""
EDGE_GAIN = 1.5
_TILE_PX = 16_384
"""OpenCV's warps take no side of 32,767 px or more; a panorama may have one."""

Window = tuple[int, int, int, int]
"""Half-open x0, y0, x1, y1 in whole pixels of the upright photo."""


def region_mask(region: Region) -> np.ndarray:
    """The region's bool mask (H, W) at its analysis size.

    Raises:
        ExportProblem: the stored mask does not decode, or is empty.
    """
    try:
        mask_hw = rle_codec.decode(region.rle)
    except ValueError as error:
        raise _damaged(str(error)) from error
    tight_box(mask_hw)
    return mask_hw


def tight_box(mask_hw: np.ndarray) -> BoxXyxy:
    """The box around a mask's pixels.

    Raises:
        ExportProblem: if the mask is empty.
    """
    box = geometry.mask_box(mask_hw)
    if box is None:
        raise _damaged("it is empty")
    return box


def _damaged(detail: str) -> ExportProblem:
    return ExportProblem(
        f"The stored outline of this thing cannot be used: {detail}.",
        operation="reading an outline",
        hint="Index the photo again.",
    )


def check_photo_size(photo_rgb: np.ndarray, photo: Photo) -> None:
    """Check that the pixels have the size the photo had when it was indexed.

    Raises:
        ExportProblem: the size has changed.
    """
    height, width = photo_rgb.shape[:2]
    if (width, height) != tuple(photo.size_wh):
        raise ExportProblem(
            f"The photo is {width} x {height} px now, it was {photo.size_wh[0]} x "
            f"{photo.size_wh[1]} px when it was indexed.",
            operation="reading the photo",
            path=photo.path,
            hint="Index again, then repeat the export.",
        )


def soft_mask(mask_hw: np.ndarray) -> np.ndarray:
    """A bool mask as float32 (H, W) in 0..1 whose edge is a ramp instead of a staircase."""
    import cv2

    return cv2.GaussianBlur(mask_hw.astype(np.float32), (0, 0), EDGE_BLUR_PX)


def alpha_in_window(
    soft_hw: np.ndarray, size_wh: tuple[int, int], window_xyxy: Window
) -> np.ndarray:
    """Opacity 0..255 of the region for every photo pixel in a window.

    Args:
        soft_hw: result of ``soft_mask``, float32 (H, W).
        size_wh: upright size of the photo, pixels.

    Returns:
        uint8 (window height, window width).
    """
    scaled = scaled_window(soft_hw, size_wh, window_xyxy)
    return np.rint(np.clip((scaled - 0.5) * EDGE_GAIN + 0.5, 0, 1) * 255).astype(np.uint8)


def scaled_window(values: np.ndarray, size_wh: tuple[int, int], window_xyxy: Window) -> np.ndarray:
    """Values of a smaller picture at every pixel in a window of a larger one.

    Args:
        values: float32 (H, W) or (H, W, C) with at most four channels.
        size_wh: size of the larger picture.

    Returns:
        float32 (window height, window width) or with C.
    """
    import cv2

    height, width = values.shape[:2]
    scale_x, scale_y = width / size_wh[0], height / size_wh[1]
    x0, y0, x1, y1 = window_xyxy
    scaled = np.empty((y1 - y0, x1 - x0, *values.shape[2:]), np.float32)
    for top in range(y0, y1, _TILE_PX):
        for left in range(x0, x1, _TILE_PX):
            bottom, right = min(top + _TILE_PX, y1), min(left + _TILE_PX, x1)
            # Pixel centres of the larger picture to those of the smaller one.
            to_small = np.array(
                [
                    [scale_x, 0, (left + 0.5) * scale_x - 0.5],
                    [0, scale_y, (top + 0.5) * scale_y - 0.5],
                ]
            )
            scaled[top - y0 : bottom - y0, left - x0 : right - x0] = cv2.warpAffine(
                values,
                to_small,
                (right - left, bottom - top),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
    return scaled

"""Outlines of masks: polygons that follow the edge smoothly at any zoom."""

from __future__ import annotations

import math

import numpy as np

from engine.masks import rle as rle_codec
from engine.masks.geometry import mask_box
from engine.records import Rle


def outline_polygons(
    rle: Rle, size_wh: tuple[int, int], smooth_px: float = 1.0
) -> list[np.ndarray]:
    """Trace a mask as closed polygons, holes included (to be drawn with the odd-even rule).

    Args:
        rle: the mask at its analysis size.
        size_wh: size of the picture on which the polygons are drawn, pixels.
        smooth_px: blur of the mask before it is traced, in analysis pixels; smooths the
            staircase without moving the edge.

    Returns:
        Arrays float32 (K, 2) of x, y in pixels of that picture, largest polygon first.
    """
    import cv2

    mask = rle_codec.decode(rle)
    height, width = mask.shape
    box = mask_box(mask)
    if box is None:
        return []
    # Only the mask's box with a margin for the blur is processed: most masks are small.
    margin = 2 + math.ceil(5 * smooth_px)
    left, top = max(0, int(box.x0) - margin), max(0, int(box.y0) - margin)
    near = mask[top : int(box.y1) + margin, left : int(box.x1) + margin].astype(np.float32)
    soft = cv2.copyMakeBorder(near, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=0)
    # Traced at twice the size, so that a one pixel wide mask keeps its two sides.
    soft = cv2.resize(soft, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    if smooth_px > 0:
        soft = cv2.GaussianBlur(soft, (0, 0), smooth_px * 2)
    contours, _ = cv2.findContours(
        (soft >= 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    offset = np.array([left, top], np.float32)
    scale = np.array([size_wh[0] / width, size_wh[1] / height], np.float32)
    limits = np.array(size_wh, np.float32)
    polygons = []
    for contour in sorted(contours, key=cv2.contourArea, reverse=True):
        contour = cv2.approxPolyDP(contour, 0.7, closed=True)
        if len(contour) < 3:
            continue
        points = (contour.reshape(-1, 2).astype(np.float32) + 0.5) / 2 - 2 + offset
        polygons.append(np.clip(points * scale, 0, limits))
    return polygons

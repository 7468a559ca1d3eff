"""What the backbone sees in each region: features pooled under the mask, and of a crop around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.masks.geometry import fit_within, mask_box
from engine.starter.backbone import Backbone, normalise

POOLING_SIDE_PX = 640
CROP_SIDE_PX = 192
CROP_CONTEXT = 0.15
OUTSIDE_KEPT = 0.5
"""How much of the colour outside the mask a crop keeps; the rest is the normaliser's grey."""
_BATCH = 8


@dataclass(frozen=True)
class RegionFeatures:
    """Backbone features, float32.

    Attributes:
        whole: (1280,), mean over the photo.
        pooled: (N, 1280), mean over the photo's feature map under each mask.
        crops: (N, 1280), mean over a crop around each mask.
    """

    whole: np.ndarray
    pooled: np.ndarray
    crops: np.ndarray


def region_features(
    backbone: Backbone, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]
) -> RegionFeatures:
    """``photo_rgb``: uint8 (H, W, 3); ``masks_hw``: bool (H, W), none of them empty."""
    import cv2

    height, width = photo_rgb.shape[:2]
    small_w, small_h = fit_within((width, height), POOLING_SIDE_PX)
    small = cv2.resize(photo_rgb, (small_w, small_h), interpolation=cv2.INTER_AREA)
    canvas = np.full((-(-small_h // 32) * 32, -(-small_w // 32) * 32, 3), 127, np.uint8)
    canvas[:small_h, :small_w] = small
    features = backbone.features(normalise(canvas[None])).maps[-1][0].numpy()
    channels, rows, columns = features.shape
    flat = features.reshape(channels, rows * columns)
    # Each mask, and the photo itself, as weights over the cells of the map.
    covers = [np.ones((small_h, small_w), np.float32)]
    covers += [
        cv2.resize(m.astype(np.float32), (small_w, small_h), interpolation=cv2.INTER_AREA)
        for m in masks_hw
    ]
    weights = np.zeros((len(covers), rows, columns), np.float32)
    for row, cover in enumerate(covers):
        padded = np.zeros(canvas.shape[:2], np.float32)
        padded[:small_h, :small_w] = cover
        weights[row] = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    weights = weights.reshape(len(covers), -1)
    weights /= np.maximum(weights.sum(1, keepdims=True), 1e-6)
    pooled = weights @ flat.T
    crops = np.zeros((len(masks_hw), channels), np.float32)
    for first in range(0, len(masks_hw), _BATCH):
        part = [_crop(photo_rgb, m) for m in masks_hw[first : first + _BATCH]]
        maps = backbone.features(normalise(np.stack(part))).maps[-1]
        crops[first : first + len(part)] = maps.mean((2, 3)).numpy()
    return RegionFeatures(pooled[0], pooled[1:], crops)


def _crop(photo_rgb: np.ndarray, mask_hw: np.ndarray) -> np.ndarray:
    """A square around the mask with some context; outside the mask half greyed."""
    import cv2

    height, width = mask_hw.shape
    box = mask_box(mask_hw)
    side = max(box.width, box.height) * (1 + 2 * CROP_CONTEXT)
    left = (box.x0 + box.x1 - side) / 2
    top = (box.y0 + box.y1 - side) / 2
    # Slide back inside the photo where it fits; what still sticks out becomes grey.
    left = min(max(left, 0.0), max(0.0, width - side)) if side <= width else (width - side) / 2
    top = min(max(top, 0.0), max(0.0, height - side)) if side <= height else (height - side) / 2
    x0, y0 = max(0, round(left)), max(0, round(top))
    x1, y1 = min(width, round(left + side)), min(height, round(top + side))
    scale = CROP_SIDE_PX / side
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    rgb = cv2.resize(photo_rgb[y0:y1, x0:x1], size, interpolation=how).astype(np.float32)
    inside = cv2.resize(mask_hw[y0:y1, x0:x1].astype(np.float32), size, interpolation=how)
    kept = (OUTSIDE_KEPT + (1 - OUTSIDE_KEPT) * inside)[..., None]
    rgb = rgb * kept + 127 * (1 - kept)
    canvas = np.full((CROP_SIDE_PX, CROP_SIDE_PX, 3), 127, np.uint8)
    at_x = min(max(0, round((x0 - left) * scale)), CROP_SIDE_PX - 1)
    at_y = min(max(0, round((y0 - top) * scale)), CROP_SIDE_PX - 1)
    fit_w, fit_h = min(size[0], CROP_SIDE_PX - at_x), min(size[1], CROP_SIDE_PX - at_y)
    canvas[at_y : at_y + fit_h, at_x : at_x + fit_w] = rgb[:fit_h, :fit_w]
    return canvas

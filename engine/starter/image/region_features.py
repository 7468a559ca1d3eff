"""Backbone features of regions: pooled under the mask, and of a crop around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.masks.geometry import mask_box
from engine.starter.image.backbone import STRIDES, Backbone, FeatureMaps

WHOLE_SIDE_PX = 384
POOLING_SIDE_PX = 640
CROP_SIDE_PX = 192
CROP_CONTEXT = 0.15
CROPPED = 28
"""Number of masks of a photo, best first, that get a crop. Crops take most of the time per photo,
and crops of weaker masks have no measurable benefit."""
OUTSIDE_KEPT = 0.5
"""Share of the colour outside the mask that a crop keeps; the rest is the normaliser's grey."""
_BATCH = 8


@dataclass(frozen=True)
class RegionFeatures:
    """Backbone features, float32.

    Attributes:
        pooled: (N, NDIM), mean over the photo's feature map under each mask.
        crops: (N, NDIM), mean over a crop around each mask; equal to ``pooled`` without a crop.
    """

    pooled: np.ndarray
    crops: np.ndarray

    def select(self, rows: slice | Sequence[int] | np.ndarray) -> RegionFeatures:
        """The features of some of the regions."""
        return RegionFeatures(self.pooled[rows], self.crops[rows])

    @classmethod
    def concatenate(cls, parts: Sequence[RegionFeatures]) -> RegionFeatures:
        """The features of several sets of regions, one after the other."""
        return cls(
            np.concatenate([part.pooled for part in parts]),
            np.concatenate([part.crops for part in parts]),
        )


def whole_features(backbone: Backbone, photo_rgb: np.ndarray) -> np.ndarray:
    """Features of the whole photo, float32 (NDIM,): the mean over its feature map."""
    maps = backbone.feature_maps(photo_rgb, WHOLE_SIDE_PX)
    return _pooled(maps, [np.ones((1, 1), bool)])[0]


def region_features(
    backbone: Backbone,
    photo_rgb: np.ndarray,
    masks_hw: Sequence[np.ndarray],
    cropped: int = CROPPED,
) -> RegionFeatures:
    """Features of the regions of one photo.

    Args:
        photo_rgb: uint8 (H, W, 3).
        masks_hw: bool (H, W) each, none of them empty; best first.
        cropped: number of masks that get a crop.
    """
    pooled = _pooled(backbone.feature_maps(photo_rgb, POOLING_SIDE_PX), masks_hw)
    crops = pooled.copy()
    for first in range(0, min(cropped, len(masks_hw)), _BATCH):
        part = [_crop(photo_rgb, m) for m in masks_hw[first : min(first + _BATCH, cropped)]]
        crops[first : first + len(part)] = backbone.means(np.stack(part))
    return RegionFeatures(pooled, crops)


def _pooled(maps: FeatureMaps, masks_hw: Sequence[np.ndarray]) -> np.ndarray:
    """Means of the last map, float32 (N, NDIM), weighted by how much of a cell a mask covers."""
    import cv2

    channels, rows, columns = maps.maps[-1].shape[1:]
    width, height = maps.size_wh
    weights = np.zeros((len(masks_hw), rows, columns), np.float32)
    padded = np.zeros((rows * STRIDES[-1], columns * STRIDES[-1]), np.uint8)
    for row, mask in enumerate(masks_hw):
        interpolation = cv2.INTER_AREA if mask.shape[1] > width else cv2.INTER_LINEAR
        padded[:height, :width] = cv2.resize(
            mask.view(np.uint8) * 255, (width, height), interpolation=interpolation
        )
        weights[row] = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    flat = weights.reshape(len(masks_hw), rows * columns)
    flat /= np.maximum(flat.sum(1, keepdims=True), 1e-6)
    return flat @ maps.maps[-1][0].reshape(channels, -1).T


def _crop(photo_rgb: np.ndarray, mask_hw: np.ndarray) -> np.ndarray:
    """A square crop around the mask with some context, uint8; outside the mask it is half grey."""
    import cv2

    height, width = mask_hw.shape
    box = mask_box(mask_hw)
    assert box is not None, "masks are not empty"
    side = max(box.width, box.height) * (1 + 2 * CROP_CONTEXT)
    left = (box.x0 + box.x1 - side) / 2
    top = (box.y0 + box.y1 - side) / 2
    # Move the square into the photo where it fits; what is still outside becomes grey.
    left = min(max(left, 0.0), max(0.0, width - side)) if side <= width else (width - side) / 2
    top = min(max(top, 0.0), max(0.0, height - side)) if side <= height else (height - side) / 2
    x0, y0 = max(0, round(left)), max(0, round(top))
    x1, y1 = min(width, round(left + side)), min(height, round(top + side))
    scale = CROP_SIDE_PX / side
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    rgb = cv2.resize(photo_rgb[y0:y1, x0:x1], size, interpolation=interpolation).astype(np.float32)
    mask_part = mask_hw[y0:y1, x0:x1].astype(np.float32)
    inside = cv2.resize(mask_part, size, interpolation=interpolation)
    kept = (OUTSIDE_KEPT + (1 - OUTSIDE_KEPT) * inside)[..., None]
    rgb = rgb * kept + 127 * (1 - kept)
    canvas = np.full((CROP_SIDE_PX, CROP_SIDE_PX, 3), 127, np.uint8)
    at_x = min(max(0, round((x0 - left) * scale)), CROP_SIDE_PX - 1)
    at_y = min(max(0, round((y0 - top) * scale)), CROP_SIDE_PX - 1)
    fit_w, fit_h = min(size[0], CROP_SIDE_PX - at_x), min(size[1], CROP_SIDE_PX - at_y)
    canvas[at_y : at_y + fit_h, at_x : at_x + fit_w] = rgb[:fit_h, :fit_w]
    return canvas

"""Preprocesses a photo and its masks to the square input of a vision transformer.

Photo and mask are placed in the same way, so the mask always covers its object. (The published
example of Alpha-CLIP crops the photo but squashes the mask, so on a photo that is not square they
do not match.)
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
_STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
_MASK_MEAN, _MASK_STD = 0.5, 0.26
"""Mean and standard deviation of masks in the training of Alpha-CLIP."""


class Geometry(enum.Enum):
    """How a photo that is not square becomes one.

    LETTERBOX keeps all content and the aspect ratio, and fills the rest with the mean colour,
    outside the mask. CENTRE_CROP, as in CLIP, cuts off the sides. SQUASH keeps all content,
    distorted.
    """

    LETTERBOX = "letterbox"
    CENTRE_CROP = "centre-crop"
    SQUASH = "squash"


@dataclass(frozen=True)
class SquareView:
    """Resizes and normalises photos and masks of any size to S x S, with S = ``side_px``."""

    side_px: int
    geometry: Geometry = Geometry.LETTERBOX

    def photo(self, photo_rgb: np.ndarray) -> np.ndarray:
        """Preprocess a photo, uint8 (H, W, 3), to float32 (3, S, S); bicubic, as in CLIP."""
        from PIL import Image

        scaled_wh, offset_xy = self._placement(photo_rgb.shape[1], photo_rgb.shape[0])
        picture = Image.fromarray(photo_rgb).resize(scaled_wh, Image.Resampling.BICUBIC)
        scaled = (np.asarray(picture, np.float32) / 255 - _MEAN) / _STD
        return self._paste(scaled.transpose(2, 0, 1), offset_xy, 0.0)

    def mask(self, mask_hw: np.ndarray) -> np.ndarray:
        """Preprocess a mask, bool (H, W), to float32 (1, S, S), with smooth edges."""
        import torch

        (width, height), offset_xy = self._placement(mask_hw.shape[1], mask_hw.shape[0])
        full = torch.from_numpy(np.ascontiguousarray(mask_hw, np.float32))[None, None]
        scaled = torch.nn.functional.interpolate(
            full, (height, width), mode="bilinear", align_corners=False, antialias=True
        )
        normalised = (scaled[0].numpy() - _MASK_MEAN) / _MASK_STD
        return self._paste(normalised, offset_xy, -_MASK_MEAN / _MASK_STD)

    def _placement(self, width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Scaled width and height, and position of the top left corner (negative if cut off)."""
        side = self.side_px
        if self.geometry is Geometry.SQUASH:
            return (side, side), (0, 0)
        if self.geometry is Geometry.CENTRE_CROP:
            shorter = min(width, height)
            scaled = (int(side * width / shorter), int(side * height / shorter))
            return scaled, (-round((scaled[0] - side) / 2), -round((scaled[1] - side) / 2))
        longer = max(width, height)
        scaled = (max(1, round(side * width / longer)), max(1, round(side * height / longer)))
        return scaled, ((side - scaled[0]) // 2, (side - scaled[1]) // 2)

    def _paste(self, scaled: np.ndarray, offset_xy: tuple[int, int], fill: float) -> np.ndarray:
        """Paste a scaled picture, (C, h, w), into one of S x S filled with ``fill``."""
        out = np.full((len(scaled), self.side_px, self.side_px), fill, np.float32)
        x, y = offset_xy
        inside = scaled[:, max(0, -y) : self.side_px - y, max(0, -x) : self.side_px - x]
        x, y = max(0, x), max(0, y)
        out[:, y : y + inside.shape[1], x : x + inside.shape[2]] = inside
        return out

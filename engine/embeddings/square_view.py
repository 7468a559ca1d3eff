"""A photo and its masks as the square pictures that a vision transformer takes.

Photo and mask go through one placement, so that the mask always lies on its thing. (The published
example of Alpha-CLIP crops the photo and squeezes the mask: the two part on any photo that is not
square.)
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
_STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
_MASK_MEAN, _MASK_STD = 0.5, 0.26
"""Those Alpha-CLIP was trained with."""


class Geometry(enum.Enum):
    """How a photo that is not square becomes one.

    LETTERBOX keeps everything and every shape, and fills the rest with the mean colour, unmasked.
    CENTRE_CROP is CLIP's own and loses what lies at the sides. SQUASH keeps everything, distorted.
    """

    LETTERBOX = "letterbox"
    CENTRE_CROP = "centre-crop"
    SQUASH = "squash"


@dataclass(frozen=True)
class SquareView:
    """Photos and masks of any size to ``side_px`` times ``side_px``, as the network wants them."""

    side_px: int
    geometry: Geometry = Geometry.LETTERBOX

    def photo(self, photo_rgb: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) to float32 (3, S, S), normalised; bicubic, as CLIP was trained."""
        from PIL import Image

        scaled_wh, at_xy = self._placement(photo_rgb.shape[1], photo_rgb.shape[0])
        picture = Image.fromarray(photo_rgb).resize(scaled_wh, Image.Resampling.BICUBIC)
        scaled = (np.asarray(picture, np.float32) / 255 - _MEAN) / _STD
        return self._place(scaled.transpose(2, 0, 1), at_xy, 0.0)

    def mask(self, mask_hw: np.ndarray) -> np.ndarray:
        """bool (H, W) to float32 (1, S, S), normalised; edges smooth."""
        import torch

        (width, height), at_xy = self._placement(mask_hw.shape[1], mask_hw.shape[0])
        full = torch.from_numpy(np.ascontiguousarray(mask_hw, np.float32))[None, None]
        scaled = torch.nn.functional.interpolate(
            full, (height, width), mode="bilinear", align_corners=False, antialias=True
        )
        normalised = (scaled[0].numpy() - _MASK_MEAN) / _MASK_STD
        return self._place(normalised, at_xy, -_MASK_MEAN / _MASK_STD)

    def _placement(self, width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Scaled size and where its top left corner comes to lie; negative where it is cut off."""
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

    def _place(self, scaled: np.ndarray, at_xy: tuple[int, int], fill: float) -> np.ndarray:
        channels, height, width = scaled.shape
        out = np.full((channels, self.side_px, self.side_px), fill, np.float32)
        x, y = at_xy
        inside = scaled[:, max(0, -y) : self.side_px - y, max(0, -x) : self.side_px - x]
        x, y = max(0, x), max(0, y)
        out[:, y : y + inside.shape[1], x : x + inside.shape[2]] = inside
        return out

"""The square picture of a photo that the model is shown, and box coordinates in both frames."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from engine.records import BoxXyxy

SIDES_PX = (448, 672, 896)
"""Multiples of 28 and of 32: no Qwen-VL model resizes such a picture again, so the frame of its
boxes is known exactly."""
_GREY = 114
"""Of the border. Models take black or white for parts of the scene."""


class Convention(Enum):
    """The unit of the coordinates in a model's boxes.

    Qwen2.5-VL answers in pixels of the picture it was given (after its own resizing), Qwen3-VL in
    thousandths of the picture's sides.
    """

    PIXELS = "pixels"
    THOUSANDTHS = "thousandths"


@dataclass(frozen=True)
class Letterbox:
    """A photo scaled to fit a square picture, centred, with a grey border around it.

    Attributes:
        photo_size_wh: of the upright photo; boxes in the store are in its pixels.
        side_px: of the square picture.
    """

    photo_size_wh: tuple[int, int]
    side_px: int = SIDES_PX[0]

    def __post_init__(self) -> None:
        if min(*self.photo_size_wh, self.side_px) < 1:
            raise ValueError(
                f"expected sizes of at least 1 px, got {self.photo_size_wh}, {self.side_px}"
            )

    @property
    def inner(self) -> tuple[int, int, int, int]:
        """The photo's place in the square: x, y, width, height; whole pixels."""
        scale = self.side_px / max(self.photo_size_wh)
        width, height = (max(1, round(side * scale)) for side in self.photo_size_wh)
        return (self.side_px - width) // 2, (self.side_px - height) // 2, width, height

    def picture(self, rgb: np.ndarray) -> np.ndarray:
        """The square picture, uint8 (side, side, 3), from a photo of any size, uint8 (H, W, 3)."""
        import cv2

        x, y, width, height = self.inner
        interpolation = cv2.INTER_AREA if rgb.shape[1] > width else cv2.INTER_CUBIC
        square = np.full((self.side_px, self.side_px, 3), _GREY, np.uint8)
        inner = cv2.resize(rgb, (width, height), interpolation=interpolation)
        square[y : y + height, x : x + width] = inner
        return square

    def to_model(self, box: BoxXyxy, convention: Convention) -> BoxXyxy:
        """Convert a box in the photo's pixels to the model's coordinates."""
        x, y, width, height = self.inner
        across, down = width / self.photo_size_wh[0], height / self.photo_size_wh[1]
        unit = self._unit(convention)
        return BoxXyxy(
            (box.x0 * across + x) * unit,
            (box.y0 * down + y) * unit,
            (box.x1 * across + x) * unit,
            (box.y1 * down + y) * unit,
        )

    def to_photo(
        self, corners: tuple[float, float, float, float], convention: Convention
    ) -> BoxXyxy | None:
        """Convert a model's box to the photo's pixels; None if no area of it lies in the photo.

        Swapped corners are sorted; the box is clipped to the photo.
        """
        if not np.isfinite(corners).all():
            return None
        x, y, width, height = self.inner
        unit = self._unit(convention)
        across, down = self.photo_size_wh[0] / width, self.photo_size_wh[1] / height
        xs = sorted((side / unit - x) * across for side in (corners[0], corners[2]))
        ys = sorted((side / unit - y) * down for side in (corners[1], corners[3]))
        x0, x1 = (min(max(side, 0.0), float(self.photo_size_wh[0])) for side in xs)
        y0, y1 = (min(max(side, 0.0), float(self.photo_size_wh[1])) for side in ys)
        return BoxXyxy(x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def _unit(self, convention: Convention) -> float:
        return 1.0 if convention is Convention.PIXELS else 1000 / self.side_px

"""Frozen ImageNet features: EfficientNet-Lite2, run by ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.starter.image.network import Network

FILE_NAME = "backbone.onnx"
STRIDES = (4, 8, 16, 32)
CHANNELS = (24, 48, 120, 1280)
"""Channels of the feature maps at ``STRIDES``; the last one is after the head convolution."""
NDIM = CHANNELS[-1]
_MAPS = tuple(f"stride_{stride}" for stride in STRIDES)


@dataclass(frozen=True)
class BackboneMaps:
    """What the backbone sees in one photo.

    Attributes:
        maps: float32 (1, CHANNELS[i], H / STRIDES[i], W / STRIDES[i]) each.
        size_wh: the photo within the network's input; the rest, right and below, is padding.
    """

    maps: tuple[np.ndarray, ...]
    size_wh: tuple[int, int]


class Backbone:
    """EfficientNet-Lite2 (Tan & Le 2019; the Lite variants have ReLU6 and no squeeze-excite).

    Used by one thread at a time.

    Raises:
        ModelMissing, ModelBroken: if the file is not there or not what it should be.
    """

    def __init__(self, path: Path) -> None:
        self._network = Network(path)
        self._seen: tuple[np.ndarray | None, dict[int, BackboneMaps]] = (None, {})

    def feature_maps(self, photo_rgb: np.ndarray, side_px: int) -> BackboneMaps:
        """The photo with its longest side scaled to ``side_px``. The looks at the last photo are
        kept: masks and vectors are made of the same ones."""
        if self._seen[0] is not photo_rgb:
            self._seen = (photo_rgb, {})
        looks = self._seen[1]
        if side_px not in looks:
            canvas, size_wh = letterboxed(photo_rgb, side_px)
            looks[side_px] = BackboneMaps(self.features(canvas[None]), size_wh)
        return looks[side_px]

    def features(self, photos_rgb: np.ndarray) -> tuple[np.ndarray, ...]:
        """The four maps of uint8 (B, H, W, 3); sides are multiples of 32."""
        return tuple(self._network.run(_MAPS, photos=normalise(photos_rgb)))

    def means(self, photos_rgb: np.ndarray) -> np.ndarray:
        """Only the mean of the last map, float32 (B, NDIM)."""
        return self._network.run(("mean",), photos=normalise(photos_rgb))[0]


def letterboxed(photo_rgb: np.ndarray, side_px: int) -> tuple[np.ndarray, tuple[int, int]]:
    """The photo scaled to a longest side, grey right and below up to multiples of 32.

    Returns:
        uint8 (H, W, 3), and the width and height of the photo in it.
    """
    import cv2

    height, width = photo_rgb.shape[:2]
    scale = side_px / max(height, width)
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.full((-(-size_wh[1] // 32) * 32, -(-size_wh[0] // 32) * 32, 3), 127, np.uint8)
    canvas[: size_wh[1], : size_wh[0]] = cv2.resize(photo_rgb, size_wh, interpolation=how)
    return canvas, size_wh


def normalise(photos_rgb: np.ndarray) -> np.ndarray:
    """uint8 (B, H, W, 3) -> float32 (B, 3, H, W), (rgb - 127) / 128."""
    planes = np.ascontiguousarray(photos_rgb.transpose(0, 3, 1, 2), np.float32)
    planes -= 127
    planes /= 128
    return planes

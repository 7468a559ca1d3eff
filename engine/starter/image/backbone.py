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
class FeatureMaps:
    """The backbone's feature maps of one photo.

    Attributes:
        maps: float32 (1, CHANNELS[i], H / STRIDES[i], W / STRIDES[i]) each.
        size_wh: size of the photo in the network's input; right of and below it is padding.
    """

    maps: tuple[np.ndarray, ...]
    size_wh: tuple[int, int]


class Backbone:
    """EfficientNet-Lite2 (Tan & Le 2019; the Lite variants have ReLU6 and no squeeze-excite).

    Used by one thread at a time.

    Raises:
        ModelMissing: there is no such file.
        ModelBroken: it cannot be run.
    """

    def __init__(self, path: Path) -> None:
        self._network = Network(path)
        # The last photo and its maps by side_px.
        self._cache: tuple[np.ndarray | None, dict[int, FeatureMaps]] = (None, {})

    def feature_maps(self, photo_rgb: np.ndarray, side_px: int) -> FeatureMaps:
        """Feature maps of the photo with its longest side scaled to ``side_px``.

        Those of the last photo are cached, because masks and vectors use the same ones.
        """
        if self._cache[0] is not photo_rgb:
            self._cache = (photo_rgb, {})
        maps_by_side = self._cache[1]
        if side_px not in maps_by_side:
            canvas, size_wh = letterboxed(photo_rgb, side_px)
            maps_by_side[side_px] = FeatureMaps(self.features(canvas[None]), size_wh)
        return maps_by_side[side_px]

    def features(self, photos_rgb: np.ndarray) -> tuple[np.ndarray, ...]:
        """The four feature maps of photos uint8 (B, H, W, 3); sides are multiples of 32."""
        return tuple(self._network.run(_MAPS, photos=normalise(photos_rgb)))

    def means(self, photos_rgb: np.ndarray) -> np.ndarray:
        """The mean of the last feature map, float32 (B, NDIM)."""
        return self._network.run(("mean",), photos=normalise(photos_rgb))[0]


def letterboxed(photo_rgb: np.ndarray, side_px: int) -> tuple[np.ndarray, tuple[int, int]]:
    """The photo scaled to a longest side, padded with grey right and below to multiples of 32.

    Returns:
        uint8 (H, W, 3), and the width and height of the photo in it.
    """
    import cv2

    height, width = photo_rgb.shape[:2]
    scale = side_px / max(height, width)
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.full((-(-size_wh[1] // 32) * 32, -(-size_wh[0] // 32) * 32, 3), 127, np.uint8)
    scaled = cv2.resize(photo_rgb, size_wh, interpolation=interpolation)
    canvas[: size_wh[1], : size_wh[0]] = scaled
    return canvas, size_wh


def normalise(photos_rgb: np.ndarray) -> np.ndarray:
    """uint8 (B, H, W, 3) -> float32 (B, 3, H, W), (rgb - 127) / 128."""
    planes = np.ascontiguousarray(photos_rgb.transpose(0, 3, 1, 2), np.float32)
    planes -= 127
    planes /= 128
    return planes

"""Converts the engine's pixels and masks to Qt images and paths. Safe on worker threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainterPath, QPixmap, QPolygonF

from engine.records import Region


def image_from_rgb(photo_rgb: np.ndarray) -> QImage:
    """Converts RGB uint8 (H, W, 3) to a QImage that owns its pixels and paints fast."""
    photo_rgb = np.ascontiguousarray(photo_rgb)
    height, width = photo_rgb.shape[:2]
    shared = QImage(photo_rgb.data, width, height, width * 3, QImage.Format.Format_RGB888)
    return shared.convertToFormat(QImage.Format.Format_RGB32)


def image_from_jpeg(jpeg: bytes) -> QImage | None:
    """Decodes a JPEG file; None if the bytes are not one."""
    # The stubs ask for bytes; PySide takes a str only.
    image = QImage.fromData(jpeg, "JPG")  # type: ignore[arg-type]
    return None if image.isNull() else image.convertToFormat(QImage.Format.Format_RGB32)


def pixmap_bytes(pixmap: QPixmap) -> int:
    """Memory that a pixmap takes, 4 bytes per pixel."""
    return pixmap.width() * pixmap.height() * 4


@dataclass(frozen=True)
class PhotoLevels:
    """An image pyramid of one photo: each image has half the size of the one before.

    Painting from a level of about the size on screen looks smooth.
    """

    images: tuple[QImage, ...]

    def best_for(self, width_px: float) -> QImage:
        """The smallest level that is at least ``width_px`` wide."""
        for image in reversed(self.images):
            if image.width() >= width_px:
                return image
        return self.images[0]

    @property
    def longest_px(self) -> int:
        """The longer side of the largest level, pixels."""
        return max(self.images[0].width(), self.images[0].height())


def photo_levels(image: QImage, smallest_px: int = 400) -> PhotoLevels:
    """Builds the pyramid; the shorter side of the last level is at least ``smallest_px``."""
    levels = [image]
    while min(levels[-1].width(), levels[-1].height()) > 2 * smallest_px:
        levels.append(
            levels[-1].scaled(
                levels[-1].size() / 2,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
    return PhotoLevels(tuple(levels))


def region_path(region: Region, size_wh: tuple[int, int]) -> QPainterPath:
    """The outline of a region, holes included, in pixels of a photo of ``size_wh``.

    The path is filled by the odd-even rule.
    """
    from engine.masks.outline import outline_polygons

    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for polygon in outline_polygons(region.rle, size_wh):
        path.addPolygon(QPolygonF([QPointF(float(x), float(y)) for x, y in polygon]))
        path.closeSubpath()
    return path


def path_bytes(path: QPainterPath) -> int:
    """Estimated memory of a path, bytes."""
    return 24 * path.elementCount() + 200

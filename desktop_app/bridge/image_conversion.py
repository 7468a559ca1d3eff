"""From the engine's pixels and masks to what Qt paints. All of it may run on worker threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainterPath, QPixmap, QPolygonF

from engine.records import Region


def image_from_rgb(photo_rgb: np.ndarray) -> QImage:
    """uint8 (H, W, 3) to a QImage that owns its pixels and paints fast."""
    photo_rgb = np.ascontiguousarray(photo_rgb)
    height, width = photo_rgb.shape[:2]
    borrowed = QImage(photo_rgb.data, width, height, width * 3, QImage.Format.Format_RGB888)
    return borrowed.convertToFormat(QImage.Format.Format_RGB32)


def image_from_jpeg(jpeg: bytes) -> QImage | None:
    """None if the bytes are no picture."""
    image = QImage.fromData(jpeg)
    return None if image.isNull() else image.convertToFormat(QImage.Format.Format_RGB32)


def pixmap_bytes(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4


@dataclass(frozen=True)
class PhotoLevels:
    """One photo at halving sizes, the largest first, so that painting it small looks smooth."""

    images: tuple[QImage, ...]

    def best_for(self, width_px: float) -> QImage:
        """The smallest level that is at least ``width_px`` wide."""
        for image in reversed(self.images):
            if image.width() >= width_px:
                return image
        return self.images[0]

    @property
    def longest_px(self) -> int:
        return max(self.images[0].width(), self.images[0].height())


def photo_levels(image: QImage, smallest_px: int = 400) -> PhotoLevels:
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
    """The outline of a region in pixels of a photo of that size; odd-even, holes included."""
    from engine.masks.outline import outline_polygons

    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for polygon in outline_polygons(region.rle, size_wh):
        path.addPolygon(QPolygonF([QPointF(float(x), float(y)) for x, y in polygon]))
        path.closeSubpath()
    return path


def path_bytes(path: QPainterPath) -> int:
    return 24 * path.elementCount() + 200

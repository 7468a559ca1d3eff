"""Paints the regions of a large photo: dimming, outlines of selected, hovered and other regions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QTransform

from desktop_app.bridge.session import outline_key
from desktop_app.text import photo_text
from desktop_app.views.painting import photo_painting
from desktop_app.views.painting.theme import paint_icon
from engine.records import BoxXyxy, Region

DIM = QColor(0, 0, 0, 115)
"""Black at 45 %: everything outside the selected regions keeps 55 % of its light."""
HOVER_OUTLINE = QColor("#ffffff")
HOVER_FILL = QColor(255, 255, 255, 28)
PROBLEM_SHADE = QColor(10, 11, 14, 170)


@dataclass(frozen=True)
class PaintedRegions:
    """What is painted over one photo.

    Attributes:
        selected: outlined; everything outside them is dimmed.
        hovered: the region under the pointer.
        others: regions that match the query and are not selected, outlined weakly.
        box_xyxy: a dashed box, photo pixels.
    """

    selected: Sequence[Region]
    hovered: Region | None
    others: Sequence[Region]
    box_xyxy: BoxXyxy | None


class RegionPainter:
    """Paints regions over a photo; keeps the union of their outlines, because it is slow to make.

    Args:
        path_of: outline of a region in photo pixels; None while it is being computed.
    """

    def __init__(self, path_of: Callable[[Region], QPainterPath | None]) -> None:
        self._path_of = path_of
        self._union: tuple[tuple[Hashable, ...], QPainterPath] = ((), QPainterPath())

    def paint(
        self, painter: QPainter, regions: PaintedRegions, photo_rect: QRectF, to_view: QTransform
    ) -> None:
        """Paint all of them.

        Args:
            photo_rect: where the photo is, view pixels.
            to_view: from photo pixels to view pixels.
        """
        selected = [(r, self._path_of(r)) for r in regions.selected]
        hovered = regions.hovered
        if any(path is not None for _, path in selected):
            undimmed = self._united_path([*regions.selected, *([hovered] if hovered else [])])
            dark = QPainterPath()
            dark.setFillRule(Qt.FillRule.OddEvenFill)
            dark.addRect(photo_rect)
            dark.addPath(to_view.map(undimmed))
            painter.fillPath(dark, DIM)
        if hovered is not None and all(r.id != hovered.id for r in regions.selected):
            path = self._path_of(hovered)
            if path is not None:
                shown = to_view.map(path)
                painter.fillPath(shown, HOVER_FILL)
                photo_painting.paint_outline(painter, shown, HOVER_OUTLINE, 1.5)
        selected_keys = {outline_key(region) for region, _ in selected}
        for other in regions.others:
            path = self._path_of(other)
            if path is not None and outline_key(other) not in selected_keys:
                colour = photo_painting.OTHER_OUTLINE
                photo_painting.paint_outline(painter, to_view.map(path), colour)
        for _, path in selected:
            if path is not None:
                photo_painting.paint_outline(painter, to_view.map(path))
        if regions.box_xyxy is not None:
            box = photo_painting.rect_of(regions.box_xyxy)
            photo_painting.paint_box(painter, to_view.mapRect(box))

    def _united_path(self, regions: Sequence[Region]) -> QPainterPath:
        """The union of the outlines that are there, photo pixels."""
        paths = [(outline_key(r), self._path_of(r)) for r in regions]
        key = tuple(of_region for of_region, path in paths if path is not None)
        if self._union[0] != key:
            union = QPainterPath()
            for _, path in paths:
                if path is not None:
                    union = QPainterPath(path) if union.isEmpty() else union.united(path)
            self._union = (key, union)
        return self._union[1]


def paint_problem(painter: QPainter, view: QRectF, photo_rect: QRectF, reason: str) -> None:
    """Shade the photo and write over it why it cannot be shown."""
    painter.fillRect(photo_rect, PROBLEM_SHADE)
    middle = view.center()
    icon = QRectF(0, 0, 32, 32)
    icon.moveCenter(middle - QPointF(0, 44))
    paint_icon(painter, icon, "photo-off", QColor("#ffffff"))
    painter.setPen(QColor("#ffffff"))
    width = min(440, view.width() - 48)
    font = painter.font()
    font.setPixelSize(15)
    font.setBold(True)
    painter.setFont(font)
    where = QRectF(middle.x() - width / 2, icon.bottom() + 8, width, 26)
    painter.drawText(where, int(Qt.AlignmentFlag.AlignCenter), photo_text.UNAVAILABLE_TITLE)
    font.setPixelSize(13)
    font.setBold(False)
    painter.setFont(font)
    where = QRectF(middle.x() - width / 2, where.bottom() + 2, width, 80)
    flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
    painter.drawText(where, flags, reason)

"""Painting of photos and outlines, for the grid, the filmstrip, the inspector and the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QTransform

from desktop_app.views.painting.theme import OUTLINE, OUTLINE_PX, OUTLINE_UNDERLAY, UNDERLAY_PX
from engine.records import BoxXyxy

OTHER_OUTLINE = QColor(OUTLINE)
OTHER_OUTLINE.setAlphaF(0.6)
"""For further regions of a photo that match the query."""

RADIUS_PX = 8.0


def cover_rect(
    cell: QRectF, size_wh: tuple[int, int], keep: BoxXyxy | None = None, margin_px: float = 6.0
) -> QRectF:
    """The rectangle of the whole photo that fills a cell; the caller clips what is outside.

    The box ``keep`` stays visible: the photo is moved for it. If the box is larger than the cell,
    the photo is shrunk too, at most until the whole photo is visible.

    Args:
        size_wh: size of the photo, pixels.
        keep: box that has to be visible, pixels of the photo.
        margin_px: room left around the box, view pixels.
    """
    width, height = max(1, size_wh[0]), max(1, size_wh[1])
    contain = min(cell.width() / width, cell.height() / height)
    scale = max(cell.width() / width, cell.height() / height)
    if keep is not None and keep.area > 0:
        room_w, room_h = cell.width() - 2 * margin_px, cell.height() - 2 * margin_px
        scale = max(contain, min(scale, room_w / keep.width, room_h / keep.height))
        centre = QPointF((keep.x0 + keep.x1) / 2, (keep.y0 + keep.y1) / 2)
    else:
        centre = QPointF(width / 2, height / 2)

    def start(cell_start: float, cell_side: float, photo_side: float, middle: float) -> float:
        if photo_side <= cell_side:
            return cell_start + (cell_side - photo_side) / 2
        wanted = cell_side / 2 - middle * scale
        return cell_start + min(0.0, max(cell_side - photo_side, wanted))

    photo_w, photo_h = width * scale, height * scale
    return QRectF(
        start(cell.x(), cell.width(), photo_w, centre.x()),
        start(cell.y(), cell.height(), photo_h, centre.y()),
        photo_w,
        photo_h,
    )


def photo_to_rect(size_wh: tuple[int, int], rect: QRectF) -> QTransform:
    """The transform from pixels of the upright photo to the rectangle it is painted in."""
    transform = QTransform.fromTranslate(rect.x(), rect.y())
    return transform.scale(rect.width() / max(1, size_wh[0]), rect.height() / max(1, size_wh[1]))


def paint_outline(
    painter: QPainter, path: QPainterPath, colour: QColor = OUTLINE, width_px: float = OUTLINE_PX
) -> None:
    """Draw a coloured line over a wider, nearly black one, so that it is visible on every photo."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    extra = UNDERLAY_PX - OUTLINE_PX
    for pen_colour, pen_px in ((OUTLINE_UNDERLAY, width_px + extra), (colour, width_px)):
        pen = QPen(pen_colour, pen_px)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(path)


def paint_box(painter: QPainter, rect: QRectF, colour: QColor = OUTLINE) -> None:
    """Draw a box where there is no outline: like an outline, with the coloured line dashed."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    under = QPen(OUTLINE_UNDERLAY, UNDERLAY_PX)
    under.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    dashed = QPen(colour, OUTLINE_PX)
    dashed.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    dashed.setCapStyle(Qt.PenCapStyle.FlatCap)
    dashed.setDashPattern([4.0, 2.5])
    for pen in (under, dashed):
        painter.setPen(pen)
        painter.drawRect(rect)


def rect_of(box: BoxXyxy) -> QRectF:
    """The box as a Qt rectangle."""
    return QRectF(box.x0, box.y0, box.width, box.height)


def rounded(rect: QRectF, radius_px: float = RADIUS_PX) -> QPainterPath:
    """A rectangle with round corners, for clipping."""
    path = QPainterPath()
    path.addRoundedRect(rect, radius_px, radius_px)
    return path


def paint_photo(painter: QPainter, rect: QRectF, pixmap: QPixmap) -> None:
    """Draw the whole pixmap, scaled to the rectangle."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(rect, pixmap, QRectF(pixmap.rect()))

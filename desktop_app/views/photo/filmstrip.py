"""The row of thumbnails below the large photo."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from desktop_app.bridge.session import Session
from desktop_app.item_models.hit_highlight import highlight_of
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.text import formatting, photo_text
from desktop_app.views.painting import photo_painting
from desktop_app.views.painting.theme import Theme

THUMB_W_PX, THUMB_H_PX, GAP_PX = 76, 56, 6


class Filmstrip(QWidget):
    """Shows the current photo in the middle and its neighbours beside it; paints visible ones only.

    Signals:
        chosen(int): a row of the model was clicked or scrolled to.
    """

    chosen = Signal(int)

    def __init__(
        self, session: Session, model: PhotoGridModel, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._model, self._theme = session, model, theme
        self._row = 0
        self._wheel_delta = 0
        self.setObjectName("filmstrip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(THUMB_H_PX + 24)
        session.thumbnails.ready.connect(self.update)
        model.sections_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(600, THUMB_H_PX + 24)

    def set_row(self, row: int) -> None:
        """Make a row of the model the current one."""
        self._row = row
        name = photo_text.FILMSTRIP_NAME.format(
            position=formatting.number(row + 1), count=formatting.number(self._model.rowCount())
        )
        self.setAccessibleName(name)
        self.update()

    def rect_of(self, row: int) -> QRectF:
        """Where the thumbnail of a row is."""
        pitch = THUMB_W_PX + GAP_PX
        count = self._model.rowCount()
        first = self.width() / 2 - THUMB_W_PX / 2 - self._row * pitch
        if (
            count * pitch <= self.width()
        ):  # all of them fit, so the strip is centred and does not scroll
            first = (self.width() - count * pitch + GAP_PX) / 2
        else:
            first = min(GAP_PX * 2.0, max(first, self.width() - count * pitch - GAP_PX))
        return QRectF(first + row * pitch, 12, THUMB_W_PX, THUMB_H_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row in self._visible_rows():
            hit = self._model.hit(row)
            if hit is None:
                continue
            cell = self.rect_of(row)
            painter.save()
            painter.setClipPath(photo_painting.rounded(cell, 5))
            painter.fillRect(cell, self._theme.tokens["hover"])
            pixmap = self._session.thumbnails.get(hit.photo.id)
            if pixmap is not None:
                box = highlight_of(hit).focus_xyxy
                where = photo_painting.cover_rect(cell, hit.photo.size_wh, box, 2.0)
                if row != self._row:
                    painter.setOpacity(0.7)
                photo_painting.paint_photo(painter, where, pixmap)
            painter.restore()
            if row == self._row:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(self._theme.tokens["accent"], 2.5))
                painter.drawRoundedRect(cell.adjusted(-2.5, -2.5, 2.5, 2.5), 7, 7)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for row in self._visible_rows():
            if self.rect_of(row).contains(event.position()):
                self.chosen.emit(row)
                return

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel_delta += event.angleDelta().y() + event.angleDelta().x()
        while abs(self._wheel_delta) >= 120:
            step = -1 if self._wheel_delta > 0 else 1
            self._wheel_delta += 120 * step
            row = max(0, min(self._model.rowCount() - 1, self._row + step))
            if row != self._row:
                self.chosen.emit(row)
        event.accept()

    def _visible_rows(self) -> range:
        pitch = THUMB_W_PX + GAP_PX
        first = int(-self.rect_of(0).x() // pitch)
        return range(max(0, first), min(self._model.rowCount(), first + self.width() // pitch + 3))

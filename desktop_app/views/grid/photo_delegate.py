"""Paints one cell of the grid: the photo, the outlined region, the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPixmap,
    QTransform,
)
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QToolTip

from desktop_app.bridge.session import Session
from desktop_app.item_models.finding_rows import finding_rows, reason_beside_rows
from desktop_app.item_models.hit_highlight import highlight_of
from desktop_app.item_models.photo_grid import HIT_ROLE
from desktop_app.text import correction_text, formatting, photo_text, search_text
from desktop_app.views.painting import photo_painting
from desktop_app.views.painting.theme import Theme, paint_icon
from engine.records import SearchHit, Verdict

if TYPE_CHECKING:
    from desktop_app.views.grid.photo_grid_view import PhotoGridView

Index = QModelIndex | QPersistentModelIndex

BADGE_COLOURS = {
    Verdict.MATCH: QColor("#7ce3a6"),
    Verdict.UNSURE: QColor("#ffd166"),
    Verdict.NO: QColor("#c3c8d2"),
    Verdict.UNVERIFIED: QColor("#c3c8d2"),
}
WEAK_OUTLINE = QColor("#d5d9e1")
"""For hits judged No, which are shown for comparison only."""
BADGE_GROUND = QColor(10, 11, 14, 190)


class PhotoDelegate(QStyledItemDelegate):
    """Paints from the session's caches; a photo that is not loaded yet is a plain tile."""

    def __init__(self, session: Session, theme: Theme, grid: PhotoGridView) -> None:
        super().__init__(grid)
        self._session, self._theme, self._grid = session, theme, grid

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        hit: SearchHit | None = index.data(HIT_ROLE)
        if hit is None:
            return
        cell = QRectF(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            self._paint_ring(painter, cell, bool(option.state & QStyle.StateFlag.State_HasFocus))
            cell = cell.adjusted(4, 4, -4, -4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.tokens["well"])
        painter.drawRoundedRect(cell, photo_painting.RADIUS_PX, photo_painting.RADIUS_PX)
        painter.setClipPath(photo_painting.rounded(cell))
        pixmap = self._session.thumbnails.get(hit.photo.id)
        if pixmap is not None:
            self._paint_photo(painter, cell, hit, pixmap)
        elif self._session.thumbnails.known_missing(hit.photo.id):
            self._paint_unavailable(painter, cell, hit)
        if not self._grid.overlays_hidden:
            self._paint_badges(painter, cell, hit)
        if option.state & QStyle.StateFlag.State_On:
            self._paint_check(painter, cell)
        if option.state & QStyle.StateFlag.State_MouseOver and not selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(255, 255, 255, 130), 3))
            radius = photo_painting.RADIUS_PX
            painter.drawRoundedRect(cell.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.restore()

    def sizeHint(self, option: Any, index: Index) -> QSize:
        return self._grid.geometry_px.cell(0).size()

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: Any, index: Index
    ) -> bool:
        hit = index.data(HIT_ROLE) if index.isValid() else None
        if event.type() != QEvent.Type.ToolTip or hit is None:
            return False
        lines = [formatting.file_name(hit.photo.path), photo_text.taken(hit.photo)]
        rows = finding_rows(hit, self._grid.photo_model.plan)
        if rows:
            lines += [line for line in (reason_beside_rows(hit), *map(str, rows)) if line]
        elif hit.reason:
            lines.append(hit.reason)
        elif not hit.outlined:
            lines.append(photo_text.NOT_OUTLINED)
        if hit.similar:
            photos = search_text.similar_photos(len(hit.similar))
            lines.append(search_text.SHOW_SIMILAR_KEY.format(photos=photos))
        # Escaped, because a tool tip detects markup by itself, and a file may be named <b>.jpg.
        shown = "\n".join(lines).replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
        QToolTip.showText(event.globalPos(), f"<div>{shown}</div>", view)
        return True

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: Any, index: Index
    ) -> bool:
        """A click on the badge of similar photos shows or hides them."""
        hit = index.data(HIT_ROLE)
        if (
            isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonRelease
            and event.button() == Qt.MouseButton.LeftButton
            and hit is not None
            and hit.similar
            and _similar_badge(QRectF(self._grid.visualRect(index))).contains(event.position())
        ):
            grid_model = self._grid.photo_model
            grid_model.set_unfolded(hit, not grid_model.is_unfolded(hit))
            return True
        return super().editorEvent(event, model, option, index)

    def _paint_check(self, painter: QPainter, cell: QRectF) -> None:
        """The mark of one of several selected photos."""
        disc = QRectF(cell.right() - 32, cell.top() + 8, 24, 24)
        painter.setPen(QPen(QColor("#ffffff"), 1.5))
        painter.setBrush(self._theme.tokens["accent"])
        painter.drawEllipse(disc)
        tick = disc.adjusted(4, 4, -4, -4)
        paint_icon(painter, tick, "check", self._theme.tokens["on_accent"])

    def _paint_ring(self, painter: QPainter, cell: QRectF, focused: bool) -> None:
        colour = self._theme.tokens["accent" if focused else "control_border"]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 2.5))
        radius = photo_painting.RADIUS_PX + 3
        painter.drawRoundedRect(cell.adjusted(1.25, 1.25, -1.25, -1.25), radius, radius)

    def _paint_photo(
        self, painter: QPainter, cell: QRectF, hit: SearchHit, pixmap: QPixmap
    ) -> None:
        size_wh = hit.photo.size_wh
        photo_rect = photo_painting.cover_rect(cell, size_wh, highlight_of(hit).focus_xyxy)
        if hit.verdict is Verdict.NO or not hit.photo.available:
            painter.setOpacity(0.72)
        photo_painting.paint_photo(painter, photo_rect, pixmap)
        painter.setOpacity(1.0)
        if not self._grid.overlays_hidden:
            self._paint_highlight(painter, hit, photo_painting.photo_to_rect(size_wh, photo_rect))

    def _paint_highlight(self, painter: QPainter, hit: SearchHit, to_cell: QTransform) -> None:
        for other in hit.others:
            path = self._session.outline(other, hit.photo)
            if path is not None:
                colour = photo_painting.OTHER_OUTLINE
                photo_painting.paint_outline(painter, to_cell.map(path), colour)
        judged_no = hit.verdict is Verdict.NO
        region = highlight_of(hit).region
        path = self._session.outline(region, hit.photo) if region is not None else None
        if path is not None and judged_no:
            photo_painting.paint_outline(painter, to_cell.map(path), WEAK_OUTLINE, 1.5)
        elif path is not None:
            photo_painting.paint_outline(painter, to_cell.map(path))
        if hit.box_xyxy is not None:
            box = to_cell.mapRect(photo_painting.rect_of(hit.box_xyxy))
            colour = WEAK_OUTLINE if judged_no else photo_painting.OUTLINE
            photo_painting.paint_box(painter, box, colour)

    def _paint_unavailable(self, painter: QPainter, cell: QRectF, hit: SearchHit) -> None:
        icon = QRectF(0, 0, 28, 28)
        icon.moveCenter(cell.center() - QPointF(0, 12))
        paint_icon(painter, icon, "photo-off", self._theme.tokens["secondary"])
        painter.setPen(self._theme.tokens["secondary"])
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        words = painter.fontMetrics().elidedText(
            formatting.file_name(hit.photo.path),
            Qt.TextElideMode.ElideMiddle,
            int(cell.width()) - 24,
        )
        below = QRectF(cell.x(), icon.bottom() + 4, cell.width(), 18)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), words)

    def _paint_badges(self, painter: QPainter, cell: QRectF, hit: SearchHit) -> None:
        model = self._grid.photo_model
        left = cell.left() + 8
        bottom = cell.bottom() - 8
        neutral = BADGE_COLOURS[Verdict.UNVERIFIED]
        if hit.similar:
            count = formatting.number(1 + len(hit.similar))
            badge = _similar_badge(cell)
            _paint_badge(painter, badge.left(), badge.bottom(), "stack", count, neutral)
        if model.is_similar(hit):
            left = _paint_badge(painter, left, bottom, "stack", search_text.SIMILAR, neutral) + 6
        elif hit.judged:
            icon, word = hit.verdict.value, correction_text.YOU_SAID[hit.verdict]
            left = _paint_badge(painter, left, bottom, icon, word, BADGE_COLOURS[hit.verdict]) + 6
        elif model.is_waiting(hit):
            icon = Verdict.UNVERIFIED.value
            left = _paint_badge(painter, left, bottom, icon, search_text.WAITING, neutral) + 6
        elif not model.browsing and hit.verdict is not Verdict.UNVERIFIED:
            word = search_text.VERDICT_WORDS[hit.verdict]
            colour = BADGE_COLOURS[hit.verdict]
            left = _paint_badge(painter, left, bottom, hit.verdict.value, word, colour) + 6
        if not hit.photo.available:
            _paint_badge(
                painter, left, bottom, "folder-offline", "Offline", BADGE_COLOURS[Verdict.NO]
            )


def _similar_badge(cell: QRectF) -> QRectF:
    """About where the badge of similar photos is; it is a little wider for three digits."""
    return QRectF(cell.left() + 8, cell.top() + 8, 46, 22)


def _paint_badge(
    painter: QPainter, left: float, bottom: float, icon: str, word: str, colour: QColor
) -> float:
    """Paint an icon and a word on a dark ground; returns the x of its right edge."""
    font = painter.font()
    font.setPixelSize(11)
    font.setBold(True)
    painter.setFont(font)
    width = 26 + painter.fontMetrics().horizontalAdvance(word) + 9
    pill = QRectF(left, bottom - 22, width, 22)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(BADGE_GROUND)
    painter.drawRoundedRect(pill, 11, 11)
    paint_icon(painter, QRectF(pill.x() + 6, pill.y() + 3.5, 15, 15), icon, colour)
    painter.setPen(QColor("#ffffff"))
    words = pill.adjusted(25, 0, 0, 0)
    painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), word)
    return pill.right()

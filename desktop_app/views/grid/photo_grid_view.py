"""The grid of photos, in sections, for a million rows as for ten."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from desktop_app import text
from desktop_app.bridge.session import outline_key
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.views.grid.grid_geometry import MARGIN_PX, GridGeometry, arrange
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.peeking import PeekOnSpace
from engine.records import SearchHit


class PhotoGridView(PeekOnSpace, QListView):
    """A list view with its own geometry: cells fill the width, headings stand between them.

    ``QListView`` keeps one rectangle per row and lays all of them out; here a row's place is
    computed when it is asked for, so a million rows cost nothing until they are seen.

    Signals:
        opened(int): a row was double clicked, or Enter pressed on it.
        near_end(): the last rows come into sight.
    """

    opened = Signal(int)
    near_end = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._geometry = arrange((), 1)
        self._footer: QWidget | None = None
        self.peeking = False
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName(text.ALL_PHOTOS)
        self.doubleClicked.connect(self._open_index)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    def setModel(self, model: PhotoGridModel) -> None:
        super().setModel(model)
        model.sections_changed.connect(self._relayout)
        self._relayout()

    def set_footer(self, footer: QWidget) -> None:
        """A widget below the last row, part of what scrolls."""
        self._footer = footer
        footer.setParent(self.viewport())
        self.updateGeometries()

    @property
    def geometry_px(self) -> GridGeometry:
        return self._geometry

    def set_peeking(self, peeking: bool) -> None:
        """While True, photos are shown without outlines and badges."""
        if peeking != self.peeking:
            self.peeking = peeking
            self.viewport().update()

    # -- layout ----------------------------------------------------------------------------

    def _relayout(self) -> None:
        model = self.model()
        sections = model.sections if model is not None else ()
        self._geometry = arrange(sections, self.viewport().width())
        self.updateGeometries()
        self.viewport().update()
        self._look_for_end()

    def doItemsLayout(self) -> None:
        self._relayout()

    def resizeEvent(self, event) -> None:
        anchor = self._geometry.row_at(MARGIN_PX + 1, self.verticalOffset() + MARGIN_PX)
        QAbstractItemView.resizeEvent(self, event)
        self._relayout()
        # Higher or lower only, as when a band comes above: every row stays where it was.
        if anchor > 0 and event.size().width() != event.oldSize().width():
            self.verticalScrollBar().setValue(self._geometry.cell(anchor).top() - MARGIN_PX)

    def updateGeometries(self) -> None:
        page = self.viewport().height()
        height = self._geometry.height_px
        if self._footer is not None and not self._footer.isHidden():
            hint = self._footer.sizeHint()
            top = height - self.verticalOffset()
            self._footer.setGeometry(MARGIN_PX, top, hint.width(), hint.height())
            height += hint.height() + MARGIN_PX
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, height - page))
        bar.setEnabled(bar.maximum() > 0)  # the style sheet leaves a disabled one invisible
        bar.setPageStep(page)
        bar.setSingleStep(48)

    def _scrolled(self) -> None:
        self.updateGeometries()
        self._look_for_end()

    def _look_for_end(self) -> None:
        page = self.viewport().height()
        if self._geometry.height_px - self.verticalOffset() < 4 * page:
            self.near_end.emit()

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def visualRect(self, index) -> QRect:
        if not index.isValid():
            return QRect()
        return self._geometry.cell(index.row()).translated(0, -self.verticalOffset())

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = self._geometry.row_at(point.x(), point.y() + self.verticalOffset())
        return self.model().index(row, 0) if row >= 0 else QModelIndex()

    def scrollTo(self, index, hint=QAbstractItemView.ScrollHint.EnsureVisible) -> None:
        if not index.isValid():
            return
        cell = self._geometry.cell(index.row())
        bar, page = self.verticalScrollBar(), self.viewport().height()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(cell.center().y() - page // 2)
        elif cell.top() - MARGIN_PX < bar.value():
            at_top = cell.top() == self._geometry.tops_px[0]
            bar.setValue(0 if at_top else cell.top() - MARGIN_PX)
        elif cell.bottom() + MARGIN_PX > bar.value() + page:
            bar.setValue(cell.bottom() + MARGIN_PX - page)

    def setSelection(self, rect: QRect, command) -> None:
        index = self.indexAt(rect.center())
        chosen = QItemSelection(index, index) if index.isValid() else QItemSelection()
        self.selectionModel().select(chosen, command)

    def visualRegionForSelection(self, selection) -> QRegion:
        region = QRegion()
        for index in selection.indexes():
            region += QRegion(self.visualRect(index))
        return region

    def isIndexHidden(self, index) -> bool:
        return False

    # -- keys and mouse --------------------------------------------------------------------

    def moveCursor(self, action, modifiers) -> QModelIndex:
        count = self.model().rowCount()
        if not count:
            return QModelIndex()
        moves = QAbstractItemView.CursorAction
        row = self.currentIndex().row()
        if row < 0:
            return self.model().index(0, 0)
        page_lines = max(1, self.viewport().height() // self._geometry.pitch_px)
        lines = {
            moves.MoveUp: -1,
            moves.MoveDown: 1,
            moves.MovePageUp: -page_lines,
            moves.MovePageDown: page_lines,
        }
        if action in lines:
            row = self._geometry.row_by_lines(row, lines[action])
        elif action in (moves.MoveLeft, moves.MovePrevious):
            row -= 1
        elif action in (moves.MoveRight, moves.MoveNext):
            row += 1
        elif action == moves.MoveHome:
            row = 0
        elif action == moves.MoveEnd:
            row = count - 1
        return self.model().index(max(0, min(count - 1, row)), 0)

    def keyPressEvent(self, event) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().row())
        elif event.key() not in (Qt.Key.Key_Space, Qt.Key.Key_Escape) and (
            event.text() and event.text().isprintable()
        ):
            # Letters belong to the window's shortcuts, not to a search by file name.
            event.ignore()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.model() and self.model().rowCount():
            self.go_to(0)

    def go_to(self, row: int) -> None:
        """Make a row the current one and bring it into sight."""
        index = self.model().index(row, 0)
        if index.isValid():
            self.selectionModel().setCurrentIndex(
                index, QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
            self.scrollTo(index)

    def _open_index(self, index) -> None:
        self.opened.emit(index.row())

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        offset = self.verticalOffset()
        dirty = event.rect()
        self._paint_headings(painter, offset, dirty)
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        current = self.currentIndex().row()
        hovered = self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos())).row()
        for row in self._geometry.rows_between(dirty.top() + offset, dirty.bottom() + 1 + offset):
            index = self.model().index(row, 0)
            option.rect = self.visualRect(index)
            option.state = QStyle.StateFlag.State_Enabled
            if row == current:
                option.state |= QStyle.StateFlag.State_Selected
                if self.hasFocus():
                    option.state |= QStyle.StateFlag.State_HasFocus
            if row == hovered and self.underMouse():
                option.state |= QStyle.StateFlag.State_MouseOver
            self.itemDelegate().paint(painter, option, index)

    def _paint_headings(self, painter: QPainter, offset: int, dirty: QRect) -> None:
        for at, section in enumerate(self._geometry.sections):
            rect = self._geometry.heading(at).translated(0, -offset)
            if rect.isEmpty() or not rect.intersects(dirty):
                continue
            font = self.font()
            font.setPixelSize(14)
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(self._theme.tokens["text"])
            where = QRectF(rect).adjusted(2, 0, 0, 0)
            align = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
            painter.drawText(where, align, section.title)
            title_px = painter.fontMetrics().horizontalAdvance(section.title)
            where.setLeft(where.left() + title_px + 10)
            font.setPixelSize(12)
            font.setBold(False)
            painter.setFont(font)
            painter.setPen(self._theme.tokens["secondary"])
            painter.drawText(where, align, text.photos(section.count))

    def thumbnails_ready(self, photo_ids) -> None:
        """Repaint photos in sight that have arrived."""
        arrived = set(photo_ids)
        self._repaint_rows(lambda hit: hit.photo.id in arrived)

    def outlines_ready(self, keys) -> None:
        """Repaint photos in sight whose outlines have been traced."""
        arrived = set(keys)
        self._repaint_rows(
            lambda hit: any(
                region is not None and outline_key(region) in arrived
                for region in (hit.region, *hit.others)
            )
        )

    def _repaint_rows(self, concerned: Callable[[SearchHit], bool]) -> None:
        offset = self.verticalOffset()
        page = self.viewport().height()
        for row in self._geometry.rows_between(offset, offset + page):
            hit = self.model().hit(row)
            if hit is not None and concerned(hit):
                self.viewport().update(self.visualRect(self.model().index(row, 0)))

"""The view of the photo grid, in sections; its cost does not grow with the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from desktop_app.bridge.session import outline_key
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.text import formatting, search_text
from desktop_app.views.grid.grid_geometry import CELL_PX, MARGIN_PX, GridGeometry, arrange
from desktop_app.views.grid.row_selection import RowSelectionView
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.hide_overlays import HideOverlaysOnSpace
from engine.records import PhotoId, SearchHit

Index = QModelIndex | QPersistentModelIndex


class PhotoGridView(HideOverlaysOnSpace, RowSelectionView):
    """A list view with its own layout: cells fill the width, with headings between the sections.

    ``QListView`` keeps one rectangle per row and lays all of them out. Here the place of a row is
    computed when it is needed, so only visible rows cost time.

    Attributes:
        cell_px: least width of a cell.
        overlays_hidden: photos are shown without outlines and badges.

    Signals:
        opened(int): a row was double clicked, or Enter pressed on it.
        near_end(): fewer than four pages are left below the top of the viewport.
        resize_requested(int): larger (1) or smaller (-1) photos are wanted.
        menu_requested(QPoint): right click or the menu key on a row, at this point of the screen.
    """

    opened = Signal(int)
    near_end = Signal()
    resize_requested = Signal(int)
    menu_requested = Signal(QPoint)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__()
        self.setParent(parent)
        self._theme = theme
        self._geometry = arrange((), 1)
        self.cell_px = CELL_PX
        self._footer: QWidget | None = None
        self.overlays_hidden = False
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName(search_text.ALL_PHOTOS)
        self.doubleClicked.connect(self._open_index)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    def setModel(self, model: QAbstractItemModel | None) -> None:
        assert isinstance(model, PhotoGridModel)
        super().setModel(model)
        model.sections_changed.connect(self._relayout)
        self._relayout()

    def set_footer(self, footer: QWidget) -> None:
        """Put a widget below the last row; it scrolls with the rows."""
        self._footer = footer
        footer.setParent(self.viewport())
        self.updateGeometries()

    @property
    def geometry_px(self) -> GridGeometry:
        """Where headings and cells are, in content pixels."""
        return self._geometry

    def set_overlays_hidden(self, hidden: bool) -> None:
        """Show photos without outlines and badges while ``hidden``."""
        if hidden != self.overlays_hidden:
            self.overlays_hidden = hidden
            self.viewport().update()

    # -- layout ----------------------------------------------------------------------------

    def _relayout(self) -> None:
        sections = self.photo_model.sections if self.model() is not None else ()
        self._geometry = arrange(sections, self.viewport().width(), self.cell_px)
        self.updateGeometries()
        self.viewport().update()
        self._check_near_end()

    def doItemsLayout(self) -> None:
        self._relayout()

    def resizeEvent(self, event: QResizeEvent) -> None:
        top_row = self._top_row()
        QAbstractItemView.resizeEvent(self, event)
        self._relayout()
        # Only the width moves rows; the height changes when a message bar appears above the grid.
        if event.size().width() != event.oldSize().width():
            self._scroll_to_top(top_row)

    def set_cell_px(self, cell_px: int) -> None:
        """Set the least width of the cells; the row at the top stays there."""
        if cell_px != self.cell_px:
            self.cell_px = cell_px
            top_row = self._top_row()
            self._relayout()
            self._scroll_to_top(top_row)

    def _top_row(self) -> int:
        return self._geometry.row_at(MARGIN_PX + 1, self.verticalOffset() + MARGIN_PX)

    def _scroll_to_top(self, row: int) -> None:
        if row > 0:
            self.verticalScrollBar().setValue(self._geometry.cell(row).top() - MARGIN_PX)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """With Ctrl the wheel changes the size of the photos."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.resize_requested.emit(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

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
        self._check_near_end()

    def _check_near_end(self) -> None:
        page = self.viewport().height()
        if self._geometry.height_px - self.verticalOffset() < 4 * page:
            self.near_end.emit()

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def visualRect(self, index: Index) -> QRect:
        if not index.isValid():
            return QRect()
        return self._geometry.cell(index.row()).translated(0, -self.verticalOffset())

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = self._geometry.row_at(point.x(), point.y() + self.verticalOffset())
        return self.model().index(row, 0) if row >= 0 else QModelIndex()

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
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

    def isIndexHidden(self, index: Index) -> bool:
        return False

    # -- keys and mouse --------------------------------------------------------------------

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().row())
        elif event.key() not in (Qt.Key.Key_Space, Qt.Key.Key_Escape) and (
            event.text() and event.text().isprintable()
        ):
            # Printable keys are shortcuts of the window; Qt would search for a row by its name.
            event.ignore()
        else:
            super().keyPressEvent(event)
            if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._set_anchor()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos())
        at = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
            at = self.viewport().mapToGlobal(self.visualRect(index).center())
        if index.isValid():
            self.menu_requested.emit(at)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.model() and self.model().rowCount():
            self.go_to(0)

    def go_to(self, row: int) -> None:
        """Make a row the current one and scroll to it."""
        index = self.model().index(row, 0)
        if index.isValid():
            self.selectionModel().setCurrentIndex(
                index, QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
            self._anchor = row
            self.scrollTo(index)

    def _open_index(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        offset = self.verticalOffset()
        dirty = event.rect()
        self._paint_headings(painter, offset, dirty)
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        current = self.currentIndex().row()
        many = self.selected_count > 1
        hovered = self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos())).row()
        for row in self._geometry.rows_between(dirty.top() + offset, dirty.bottom() + 1 + offset):
            index = self.model().index(row, 0)
            option.rect = self.visualRect(index)
            option.state = QStyle.StateFlag.State_Enabled
            if self.selectionModel().isSelected(index) or row == current:
                option.state |= QStyle.StateFlag.State_Selected
                if self.hasFocus():
                    option.state |= QStyle.StateFlag.State_HasFocus
            if many and self.selectionModel().isSelected(index):
                option.state |= QStyle.StateFlag.State_On
            if row == hovered and self.underMouse():
                option.state |= QStyle.StateFlag.State_MouseOver
            self.itemDelegate().paint(painter, option, index)
        self.paint_band(painter)

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
            painter.drawText(where, align, formatting.photos(section.count))

    def thumbnails_ready(self, photo_ids: Iterable[PhotoId]) -> None:
        """Repaint visible photos whose thumbnails have been loaded."""
        ready = set(photo_ids)
        self._repaint_rows(lambda hit: hit.photo.id in ready)

    def outlines_ready(self, keys: Iterable[Hashable]) -> None:
        """Repaint visible photos whose outlines have been computed."""
        ready = set(keys)
        self._repaint_rows(
            lambda hit: any(
                region is not None and outline_key(region) in ready
                for region in (hit.region, *hit.others)
            )
        )

    def _repaint_rows(self, affected: Callable[[SearchHit], bool]) -> None:
        offset = self.verticalOffset()
        page = self.viewport().height()
        for row in self._geometry.rows_between(offset, offset + page):
            hit = self.photo_model.hit(row)
            if hit is not None and affected(hit):
                self.viewport().update(self.visualRect(self.model().index(row, 0)))

"""Selection of several rows of the grid: by Shift, Ctrl, and a rubber band."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QItemSelectionRange, QRect, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QRegion
from PySide6.QtWidgets import QAbstractItemView, QListView

from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.views.grid.grid_geometry import GridGeometry
from desktop_app.views.painting.theme import Theme
from engine.records import SearchHit


class RowSelectionView(QListView):
    """The part of ``PhotoGridView`` that selects rows; cells are where ``geometry_px`` says.

    Signals:
        selection_changed(): other rows are selected.
    """

    selection_changed = Signal()
    _theme: Theme

    def __init__(self) -> None:
        super().__init__()
        self._anchor = 0
        """The row that a selection with Shift begins at."""
        self._band = QRect()
        """The rubber band, in pixels of the viewport; empty without one."""
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)

    @property
    def geometry_px(self) -> GridGeometry:
        """Where headings and cells are, in content pixels."""
        raise NotImplementedError

    @property
    def photo_model(self) -> PhotoGridModel:
        """The model, which must have been set."""
        model = self.model()
        assert isinstance(model, PhotoGridModel)
        return model

    @property
    def selected_count(self) -> int:
        """The number of selected rows; its cost does not grow with it."""
        return sum(part.height() for part in self._parts())

    def selected_hits(self) -> list[SearchHit]:
        """The hits of the selected rows, in the order of the grid."""
        parts = sorted((part.top(), part.bottom()) for part in self._parts())
        rows = (row for top, bottom in parts for row in range(top, bottom + 1))
        return [hit for row in rows if (hit := self.photo_model.hit(row)) is not None]

    def select_current_only(self) -> None:
        """Select the current row and no other."""
        only = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().select(self.currentIndex(), only)
        self._set_anchor()

    def _parts(self) -> list[QItemSelectionRange]:
        selection = self.selectionModel().selection()
        return [selection.at(i) for i in range(selection.count())]

    def _set_anchor(self) -> None:
        self._anchor = max(0, self.currentIndex().row())

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Qt selects through this: the rows below a rubber band, the rows from the anchor to the
        current one (Shift), or one row."""
        current = self.currentIndex().row()
        if self.state() is QAbstractItemView.State.DragSelectingState:
            self._band = rect.normalized()
            within = self._band.translated(0, self.verticalOffset())
            ranges = self.geometry_px.rows_within(within)
            self.viewport().update()
        elif command & QItemSelectionModel.SelectionFlag.Current and current >= 0:
            first, last = sorted((min(self._anchor, self.model().rowCount() - 1), current))
            ranges = [range(first, last + 1)]
        else:
            row = self.indexAt(rect.center()).row()
            self._anchor = max(0, row)
            ranges = [range(row, row + 1)] if row >= 0 else []
        chosen, model = QItemSelection(), self.model()
        for rows in ranges:
            chosen.select(model.index(rows.start, 0), model.index(rows.stop - 1, 0))
        self.selectionModel().select(chosen, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        return QRegion(self.viewport().rect())

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.selection_changed.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if not self._band.isNull():
            self._band = QRect()
            self.viewport().update()

    def paint_band(self, painter: QPainter) -> None:
        """Paint the rubber band, if there is one."""
        if not self._band.isNull():
            colour = self._theme.tokens["accent"]
            painter.setPen(colour)
            colour.setAlpha(40)
            painter.setBrush(colour)
            painter.drawRect(self._band)

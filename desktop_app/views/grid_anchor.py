"""Keeps what somebody looks at in its place while rows of the grid come, go and move."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QRect

from desktop_app.views.photo_grid_view import PhotoGridView
from engine.records import PhotoId, SearchHit


class GridAnchor:
    """Whoever has left the first row keeps the photo they went to, and the place it is at in the
    window; whoever has scrolled keeps what is in sight. Nobody did: the first row is current.

    ``hold`` before the rows change, ``settle`` after.
    """

    def __init__(self, grid: PhotoGridView) -> None:
        self._grid = grid
        self._followed: PhotoId | None = None
        self._held: list[tuple[SearchHit, int]] = []

    def forget(self) -> None:
        """Other photos come: begin at the first."""
        self._followed, self._held = None, []

    def hold(self) -> PhotoId | None:
        """Returns the photo that somebody has gone to, if they have."""
        grid, model = self._grid, self._grid.model()
        row = grid.currentIndex().row()
        current = model.hit(row)
        left_first = row > 0 or (current is not None and current.photo.id == self._followed)
        self._followed = current.photo.id if left_first and current is not None else None
        self._held = []
        if self._followed is None and grid.verticalOffset() == 0:
            return None
        page = QRect(0, 0, grid.viewport().width(), grid.viewport().height())
        for row in grid.geometry_px.rows_between(
            grid.verticalOffset(), grid.verticalOffset() + page.height()
        ):
            hit = model.hit(row)
            if hit is None:
                continue
            place = (hit, grid.visualRect(model.index(row, 0)).top())
            if hit.photo.id == self._followed:
                self._held.insert(0, place)
            else:
                self._held.append(place)
        return self._followed

    def settle(self) -> None:
        """Make the followed photo current, the first if there is none, and scroll to where what
        was in sight is now."""
        grid, model = self._grid, self._grid.model()
        row = -1 if self._followed is None else model.row_of(self._followed)
        index = model.index(max(0, row), 0)
        if index.isValid() and index != grid.currentIndex():
            grid.selectionModel().setCurrentIndex(
                index, QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
        place = self._place()
        if place is not None:
            row, top = place
            grid.verticalScrollBar().setValue(grid.geometry_px.cell(row).top() - top)

    def _place(self) -> tuple[int, int] | None:
        """A row and where in the window its top was: that of the followed photo, else of the
        first in sight that has not moved by a verdict of its own."""
        rows = [(hit, self._grid.model().row_of(hit.photo.id), top) for hit, top in self._held]
        there = [item for item in rows if item[1] >= 0]
        if not there:
            return None
        if there[0][0].photo.id != self._followed:
            still = [item for item in there if not self._judged_since(*item[:2])]
            there = still or there
        _, row, top = there[0]
        return row, top

    def _judged_since(self, before: SearchHit, row: int) -> bool:
        now = self._grid.model().hit(row)
        return now is None or (now.verdict, now.looked_at) != (before.verdict, before.looked_at)

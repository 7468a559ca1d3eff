"""Keeps what somebody looks at in its place while rows of the grid come, go and move."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel

from desktop_app.views.grid.photo_grid_view import PhotoGridView
from engine.records import PhotoId, SearchHit


class ScrollAnchor:
    """Whoever has left the first row keeps the photo they went to, and the place it is at in the
    window; whoever has scrolled keeps what is in sight. Nobody did: the first row is current.

    ``hold`` before the rows change, ``settle`` after.
    """

    def __init__(self, grid: PhotoGridView) -> None:
        self._grid = grid
        self._followed: PhotoId | None = None
        self._fixed: PhotoId | None = None
        self._held: list[tuple[SearchHit, int]] = []

    def forget(self) -> None:
        """Other photos come: begin at the first."""
        self._followed, self._fixed, self._held = None, None, []

    def hold(self) -> PhotoId | None:
        """Returns the photo that somebody has gone to, if they have."""
        grid, model = self._grid, self._grid.model()
        row = grid.currentIndex().row()
        current = model.hit(row)
        left_first = row > 0 or (current is not None and current.photo.id == self._followed)
        self._followed = current.photo.id if left_first and current is not None else None
        self._held = []
        if self._followed is not None or grid.verticalOffset() > 0:
            self._held = sorted(self._in_sight(), key=self._rank)
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
        for hit, top in self._held:
            row = model.row_of(hit.photo.id)
            if row >= 0 and (hit.photo.id == self._followed or self._is_still(hit, row)):
                self._fixed = hit.photo.id
                grid.verticalScrollBar().setValue(grid.geometry_px.cell(row).top() - top)
                break

    def _in_sight(self) -> list[tuple[SearchHit, int]]:
        """Photos and where in the window their tops are."""
        grid, offset = self._grid, self._grid.verticalOffset()
        rows = grid.geometry_px.rows_between(offset, offset + grid.viewport().height())
        hits = [(row, grid.model().hit(row)) for row in rows]
        return [
            (hit, grid.geometry_px.cell(row).top() - offset) for row, hit in hits if hit is not None
        ]

    def _rank(self, place: tuple[SearchHit, int]) -> int:
        """Which is best kept in its place. The same as the last time comes before any other, or
        photos would drift: where one stays, others go round the ends of lines."""
        hit, top = place
        if hit.photo.id == self._followed:
            return 0
        bottom = top + self._grid.geometry_px.cell_h_px
        if top < 0 or bottom > self._grid.viewport().height():
            return 3
        return 1 if hit.photo.id == self._fixed else 2

    def _is_still(self, before: SearchHit, row: int) -> bool:
        """False if it may have moved by a verdict of its own."""
        now = self._grid.model().hit(row)
        return (now.verdict, now.looked_at) == (before.verdict, before.looked_at)

"""Keeps the visible photos in place while rows of the grid are inserted, removed and moved."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel

from desktop_app.views.grid.photo_grid_view import PhotoGridView
from engine.records import PhotoId, SearchHit


class ScrollAnchor:
    """Saves the current photo and the scroll position, and restores both.

    If people have gone to another row than the first, its photo stays current and at the same place
    of the viewport. If they have only scrolled, a visible photo stays at its place. Otherwise the
    first row becomes current. Call ``save`` before the rows change and ``restore`` after.
    """

    def __init__(self, grid: PhotoGridView) -> None:
        self._grid = grid
        self._chosen: PhotoId | None = None
        self._last_anchor: PhotoId | None = None
        self._visible: list[tuple[SearchHit, int]] = []

    def reset(self) -> None:
        """Drop what was saved; ``restore`` then begins at the first row."""
        self._chosen, self._last_anchor, self._visible = None, None, []

    def save(self) -> PhotoId | None:
        """Save the state; returns the photo that people have gone to, None if they have not."""
        grid, model = self._grid, self._grid.photo_model
        row = grid.currentIndex().row()
        current = model.hit(row)
        left_first = row > 0 or (current is not None and current.photo.id == self._chosen)
        self._chosen = current.photo.id if left_first and current is not None else None
        self._visible = []
        if self._chosen is not None or grid.verticalOffset() > 0:
            self._visible = sorted(self._visible_photos(), key=self._priority)
        return self._chosen

    def restore(self) -> None:
        """Make the chosen photo current, else the first, and scroll to the new place of a photo
        that was visible."""
        grid, model = self._grid, self._grid.photo_model
        row = -1 if self._chosen is None else model.row_of(self._chosen)
        index = model.index(max(0, row), 0)
        if index.isValid() and index != grid.currentIndex():
            grid.selectionModel().setCurrentIndex(
                index, QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
        for hit, top in self._visible:
            row = model.row_of(hit.photo.id)
            if row >= 0 and (hit.photo.id == self._chosen or self._verdict_unchanged(hit, row)):
                self._last_anchor = hit.photo.id
                grid.verticalScrollBar().setValue(grid.geometry_px.cell(row).top() - top)
                break

    def _visible_photos(self) -> list[tuple[SearchHit, int]]:
        """Visible photos, each with the y of its top in the viewport."""
        grid, offset = self._grid, self._grid.verticalOffset()
        rows = grid.geometry_px.rows_between(offset, offset + grid.viewport().height())
        hits = [(row, grid.photo_model.hit(row)) for row in rows]
        return [
            (hit, grid.geometry_px.cell(row).top() - offset) for row, hit in hits if hit is not None
        ]

    def _priority(self, place: tuple[SearchHit, int]) -> int:
        """Sort key: which photo is best kept in its place, lowest first.

        The anchor of the last time comes before other photos. Otherwise photos would drift, because
        around an anchor the others wrap at the ends of lines.
        """
        hit, top = place
        if hit.photo.id == self._chosen:
            return 0
        bottom = top + self._grid.geometry_px.cell_h_px
        if top < 0 or bottom > self._grid.viewport().height():
            return 3
        return 1 if hit.photo.id == self._last_anchor else 2

    def _verdict_unchanged(self, before: SearchHit, row: int) -> bool:
        """False if the photo may have moved because of a new verdict of its own."""
        now = self._grid.photo_model.hit(row)
        return now is not None and (now.verdict, now.looked_at) == (
            before.verdict,
            before.looked_at,
        )

"""The layout of the photo grid: arithmetic whose cost does not grow with the number of rows."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect

from desktop_app.item_models.photo_grid import GridSection

MARGIN_PX = 16
GAP_PX = 8
HEADING_PX = 40
CELL_PX, CELL_MIN_PX, CELL_MAX_PX = 180, 110, 380
"""Least width of a cell: by default, and what people can choose between."""
CELL_ASPECT = 4 / 3


@dataclass(frozen=True)
class GridGeometry:
    """Positions of headings and cells in content pixels.

    Cells have one size and fill the width; each section begins on a new line below its heading.

    Attributes:
        columns: cells per line.
        left_px: x of the first column.
        tops_px: y of each section's first line of cells.
        height_px: total height, margins included.
    """

    columns: int
    cell_w_px: int
    cell_h_px: int
    left_px: int
    sections: tuple[GridSection, ...]
    tops_px: tuple[int, ...]
    height_px: int

    @property
    def pitch_px(self) -> int:
        """Distance from one line of cells to the next."""
        return self.cell_h_px + GAP_PX

    def cell(self, row: int) -> QRect:
        """Rectangle of a row of the model; empty if no section contains the row."""
        at = self._section_of(row)
        if at is None:
            return QRect()
        line, column = divmod(row - self.sections[at].first, self.columns)
        return QRect(
            self.left_px + column * (self.cell_w_px + GAP_PX),
            self.tops_px[at] + line * self.pitch_px,
            self.cell_w_px,
            self.cell_h_px,
        )

    def heading(self, at: int) -> QRect:
        """Rectangle of a section's heading; empty if it has none."""
        if not self.sections[at].title:
            return QRect()
        width = self.columns * (self.cell_w_px + GAP_PX) - GAP_PX
        return QRect(self.left_px, self.tops_px[at] - HEADING_PX, width, HEADING_PX)

    def row_at(self, x: int, y: int) -> int:
        """Row of the model at a point; -1 where there is no cell."""
        at = bisect.bisect_right(self.tops_px, y) - 1
        if at < 0:
            return -1
        section = self.sections[at]
        line, rest_y = divmod(y - self.tops_px[at], self.pitch_px)
        column, rest_x = divmod(x - self.left_px, self.cell_w_px + GAP_PX)
        if rest_y >= self.cell_h_px or rest_x >= self.cell_w_px:
            return -1
        if not 0 <= column < self.columns:
            return -1
        offset = line * self.columns + column
        return section.first + offset if offset < section.count else -1

    def rows_between(self, top: int, bottom: int) -> list[int]:
        """Rows of the model whose cells intersect ``top <= y < bottom``, in order."""
        rows: list[int] = []
        for section, start in zip(self.sections, self.tops_px, strict=True):
            first_line = max(0, (top - start + GAP_PX) // self.pitch_px)
            last_line = (bottom - 1 - start) // self.pitch_px
            first = section.first + min(first_line * self.columns, section.count)
            end = section.first + min(max(0, last_line + 1) * self.columns, section.count)
            rows.extend(range(first, end))
        return rows

    def rows_within(self, rect: QRect) -> list[range]:
        """Rows of the model whose cells intersect a rectangle; one range if all columns do."""
        pitch_x = self.cell_w_px + GAP_PX
        first_column = max(0, (rect.left() - self.left_px + GAP_PX) // pitch_x)
        last_column = min(self.columns - 1, (rect.right() - self.left_px) // pitch_x)
        if first_column > last_column:
            return []
        ranges = []
        for section, start in zip(self.sections, self.tops_px, strict=True):
            first_line = max(0, (rect.top() - start + GAP_PX) // self.pitch_px)
            last_line = (rect.bottom() - start) // self.pitch_px
            end = section.first + section.count
            whole = first_column == 0 and last_column == self.columns - 1
            step = max(1, last_line - first_line + 1) if whole else 1
            for line in range(first_line, last_line + 1, step):
                row = section.first + line * self.columns + first_column
                width = step * self.columns if whole else last_column - first_column + 1
                if row < end:
                    ranges.append(range(row, min(row + width, end)))
        return ranges

    def row_by_lines(self, row: int, lines: int) -> int:
        """The row so many lines below (negative: above) in the same column.

        At the ends, and in shorter lines, the nearest cell.
        """
        at = self._section_of(row)
        if at is None:
            return 0
        line, column = divmod(row - self.sections[at].first, self.columns)
        line += lines
        while line < 0 and at > 0:
            at -= 1
            line += self._lines_in(at)
        while line >= self._lines_in(at) and at < len(self.sections) - 1:
            line -= self._lines_in(at)
            at += 1
        section = self.sections[at]
        line = max(0, min(line, self._lines_in(at) - 1))
        return section.first + min(line * self.columns + column, section.count - 1)

    def _lines_in(self, at: int) -> int:
        return -(-self.sections[at].count // self.columns)

    def _section_of(self, row: int) -> int | None:
        at = bisect.bisect_right([s.first for s in self.sections], row) - 1
        if at < 0 or row >= self.sections[at].first + self.sections[at].count:
            return None
        return at


def arrange(sections: Sequence[GridSection], width_px: int, cell_px: int = CELL_PX) -> GridGeometry:
    """Lay out sections in a viewport of this width, with cells of at least ``cell_px``."""
    room = max(CELL_MIN_PX, width_px - 2 * MARGIN_PX)
    columns = max(1, (room + GAP_PX) // (cell_px + GAP_PX))
    cell_w = (room - (columns - 1) * GAP_PX) // columns
    cell_h = round(cell_w / CELL_ASPECT)
    tops, y = [], MARGIN_PX // 2
    for section in sections:
        y += HEADING_PX if section.title else GAP_PX
        tops.append(y)
        y += -(-section.count // columns) * (cell_h + GAP_PX)
    return GridGeometry(
        columns, cell_w, cell_h, MARGIN_PX, tuple(sections), tuple(tops), y + MARGIN_PX // 2
    )

"""Cells fill the width, sections do not overlap, and a point leads back to its row."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import QRect

from desktop_app.item_models.photo_grid import GridSection
from desktop_app.views.grid.grid_geometry import CELL_MIN_PX, MARGIN_PX, arrange


def sections(*counts: int):
    result, first = [], 0
    for number, count in enumerate(counts):
        result.append(GridSection(f"Section {number}", first, count))
        first += count
    return tuple(result)


@pytest.mark.parametrize("width", [260, 380, 680, 1100, 2500])
def test_cells_fill_the_width_and_are_never_too_small(width):
    grid = arrange(sections(40), width)
    last = grid.cell(grid.columns - 1)
    assert last.right() <= width - MARGIN_PX
    assert width - MARGIN_PX - last.right() <= grid.columns
    assert grid.cell_w_px >= min(CELL_MIN_PX, width - 2 * MARGIN_PX)


def test_every_cells_middle_leads_back_to_its_row():
    grid = arrange(sections(7, 1, 12), 800)
    for row in range(20):
        middle = grid.cell(row).center()
        assert grid.row_at(middle.x(), middle.y()) == row
    assert grid.row_at(2, 2) == -1
    assert grid.cell(20).isEmpty()


def test_sections_start_on_a_line_of_their_own_below_a_heading():
    grid = arrange(sections(7, 5), 800)
    assert grid.cell(7).left() == grid.cell(0).left()
    assert grid.heading(1).top() > grid.cell(6).bottom()
    assert grid.heading(1).bottom() < grid.cell(7).top()


def test_rows_between_are_exactly_those_that_touch():
    grid = arrange(sections(9, 4, 30), 700)
    chance = random.Random(4)
    for _ in range(200):
        top = chance.randrange(-50, grid.height_px)
        bottom = top + chance.randrange(1, 900)
        wanted = [
            row
            for row in range(43)
            if grid.cell(row).top() < bottom and grid.cell(row).bottom() >= top
        ]
        assert grid.rows_between(top, bottom) == wanted


def test_up_and_down_cross_sections_in_the_same_column():
    grid = arrange(sections(5, 8), 600)
    assert grid.columns == 3
    assert grid.row_by_lines(1, 1) == 4
    assert grid.row_by_lines(4, 1) == 6
    assert grid.row_by_lines(6, -1) == 4
    assert grid.row_by_lines(2, 1) == 4, "the line below is shorter: its last cell"
    assert grid.row_by_lines(0, -3) == 0
    assert grid.row_by_lines(12, 5) == 12


def test_a_million_rows_cost_nothing():
    grid = arrange(sections(1_000_000), 1000)
    row = grid.row_at(500, grid.height_px // 2)
    assert grid.rows_between(grid.height_px // 2, grid.height_px // 2 + 800).count(row) == 1


def test_the_rows_in_a_rectangle_are_those_whose_cells_it_touches():
    random_numbers = random.Random(4)
    grid = arrange(sections(7, 1, 0, 23), 800)
    for _ in range(300):
        rect = QRect(
            random_numbers.randrange(-50, 850),
            random_numbers.randrange(-50, grid.height_px + 50),
            random_numbers.randrange(1, 900),
            random_numbers.randrange(1, 700),
        )
        touched = [row for row in range(31) if grid.cell(row).intersects(rect)]
        assert sorted(row for rows in grid.rows_within(rect) for row in rows) == touched


def test_a_band_over_a_million_rows_is_one_range():
    grid = arrange(sections(1_000_000), 1200)
    assert grid.rows_within(QRect(0, 0, 1200, grid.height_px)) == [range(1_000_000)]

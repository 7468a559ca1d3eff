"""Where a photo lies in its cell: the thing is always in sight."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF

from desktop_app.views.painting.photo_painting import cover_rect, photo_to_rect
from engine.records import BoxXyxy

CELL = QRectF(10, 20, 200, 150)


@pytest.mark.parametrize("size_wh", [(4000, 3000), (3000, 4000), (8000, 1000), (500, 4000)])
@pytest.mark.parametrize("place", [(0.0, 0.0), (0.4, 0.4), (0.9, 0.9)])
@pytest.mark.parametrize("share", [0.05, 0.1])
def test_a_small_thing_is_wholly_in_sight_and_the_cell_is_full(size_wh, place, share):
    width, height = size_wh
    side = share * min(width, height)
    x0, y0 = place[0] * width, place[1] * height
    box = BoxXyxy(x0, y0, min(width, x0 + side), min(height, y0 + side))
    where = cover_rect(CELL, size_wh, box)
    shown = photo_to_rect(size_wh, where).mapRect(QRectF(box.x0, box.y0, box.width, box.height))
    assert CELL.adjusted(-0.01, -0.01, 0.01, 0.01).contains(shown)
    assert where.adjusted(-0.01, -0.01, 0.01, 0.01).contains(CELL)


def test_a_thing_larger_than_the_cell_shrinks_the_photo():
    box = BoxXyxy(0, 0, 3000, 3900)
    where = cover_rect(CELL, (3000, 4000), box)
    shown = photo_to_rect((3000, 4000), where).mapRect(QRectF(0, 0, 3000, 3900))
    assert shown.height() <= CELL.height() + 0.01


def test_proportions_are_kept():
    where = cover_rect(CELL, (4000, 1000))
    assert where.width() / where.height() == pytest.approx(4)

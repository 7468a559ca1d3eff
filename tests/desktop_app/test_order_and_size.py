"""The order of the hits and the size of the photos: by control, key and wheel, and kept."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_app.item_models.hit_order import HitOrder
from desktop_app.text import search_text
from desktop_app.views.grid.grid_geometry import CELL_MAX_PX, CELL_MIN_PX, CELL_PX
from tests.desktop_app.conftest import DEADLINE_MS, opens

CTRL = Qt.KeyboardModifier.ControlModifier


def names(desktop) -> list[str]:
    return [hit.photo.path.name for hit in desktop.presenter.model.rows]


def view_bar(desktop):
    return desktop.presenter.results.view_bar


def choose(desktop, order: HitOrder) -> None:
    box = view_bar(desktop).order_box
    box.setCurrentIndex(box.findData(order))


@pytest.fixture
def searched(open_desktop, sixty_photos, search):
    for photo_id in list(sixty_photos._photos):
        day = (photo_id * 7) % 28 + 1
        taken = None if photo_id == 5 else f"2021-05-{day:02d}T{photo_id % 24:02d}:00:00"
        sixty_photos.replace_photo(photo_id, taken_at=taken)
    desktop = open_desktop(open_library=opens(sixty_photos))
    search(desktop, "red ball")
    return desktop


def test_the_order_has_words_for_every_value():
    assert list(search_text.ORDERS) == [order.value for order in HitOrder]


def test_hits_can_be_ordered_by_date_and_name_and_back(searched):
    by_relevance = names(searched)
    choose(searched, HitOrder.NEWEST)
    dates = [hit.photo.taken_at for hit in searched.presenter.model.rows]
    assert dates[-1] is None and dates[:-1] == sorted(dates[:-1], reverse=True)
    choose(searched, HitOrder.OLDEST)
    dates = [hit.photo.taken_at for hit in searched.presenter.model.rows]
    assert dates[-1] is None and dates[:-1] == sorted(dates[:-1])
    searched.window.commands["sort_name"].trigger()
    assert names(searched) == sorted(names(searched))
    assert view_bar(searched).order_box.currentData() == HitOrder.NAME
    searched.window.commands["sort_relevance"].trigger()
    assert names(searched) == by_relevance


def test_the_current_photo_stays_current_in_another_order(searched):
    grid = searched.presenter.results.grid
    grid.go_to(3)
    before = grid.currentIndex().data()
    choose(searched, HitOrder.NEWEST)
    assert grid.currentIndex().data() == before


def test_without_a_search_there_is_no_order(searched, qtbot):
    assert view_bar(searched).order_box.isVisible()
    searched.window.commands["all_photos"].trigger()
    box = view_bar(searched).order_box
    qtbot.waitUntil(lambda: not box.isVisible(), timeout=DEADLINE_MS)
    assert view_bar(searched).size_slider.isVisible()


def test_the_size_changes_by_slider_key_and_wheel_within_its_limits(searched):
    grid = searched.presenter.results.grid
    columns = grid.geometry_px.columns
    view_bar(searched).size_slider.setValue(300)
    assert grid.cell_px == 300 and grid.geometry_px.columns < columns
    grid.setFocus()
    QTest.keyClick(searched.window, Qt.Key.Key_Minus, CTRL)
    assert grid.cell_px < 300
    smaller = grid.cell_px
    for delta in (120, -120):
        event = QWheelEvent(
            QPointF(50, 50),
            QPointF(50, 50),
            QPoint(),
            QPoint(0, delta),
            Qt.MouseButton.NoButton,
            CTRL,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(grid.viewport(), event)
        if delta > 0:
            assert grid.cell_px > smaller
    assert abs(grid.cell_px - smaller) <= 1
    for _ in range(30):
        searched.window.commands["larger"].trigger()
    assert grid.cell_px == CELL_MAX_PX
    for _ in range(30):
        searched.window.commands["smaller"].trigger()
    assert grid.cell_px == CELL_MIN_PX


def test_the_row_at_the_top_stays_there(searched):
    grid = searched.presenter.results.grid
    grid.verticalScrollBar().setValue(grid.geometry_px.cell(24).top())
    top = grid._top_row()
    assert top > 0
    grid.set_cell_px(CELL_PX + 60)
    bar = grid.verticalScrollBar()
    assert grid._top_row() <= top < grid._top_row() + grid.geometry_px.columns or (
        bar.value() == bar.maximum()
    )


def test_order_and_size_are_kept(searched, open_desktop, memory):
    choose(searched, HitOrder.OLDEST)
    view_bar(searched).size_slider.setValue(250)
    searched.window.close()
    again = open_desktop(open_library=opens(memory))
    assert again.presenter.model.order is HitOrder.OLDEST
    assert again.presenter.results.grid.cell_px == view_bar(again).size_slider.value() == 250

"""Context menus by mouse and keyboard, and the commands on files, on a real library."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from desktop_app.text import library_text, photo_text
from desktop_app.text.command_text import COMMANDS
from tests.desktop_app.conftest import DEADLINE_MS

BY_MOUSE, BY_KEY = QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard


@pytest.fixture(autouse=True)
def _no_menu_stays_open(qapp):
    yield
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()


def ask_for_menu(widget: QWidget, at: QPoint, reason=BY_MOUSE) -> None:
    QApplication.sendEvent(widget, QContextMenuEvent(reason, at, widget.mapToGlobal(at)))


def open_menu() -> QMenu:
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def titles(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def choose(title: str) -> None:
    menu = open_menu()
    next(action for action in menu.actions() if action.text() == title).trigger()
    menu.close()


@pytest.fixture
def searched(desktop, search):
    search(desktop, "red")
    desktop.presenter.results.grid.setFocus()
    return desktop


def grid_menu(desktop, row: int, reason=BY_MOUSE) -> list[str]:
    grid = desktop.presenter.results.grid
    at = grid.visualRect(grid.model().index(row, 0)).center()
    if reason is BY_MOUSE:
        QTest.mouseClick(grid.viewport(), Qt.MouseButton.RightButton, pos=at)
        ask_for_menu(grid.viewport(), at)
    else:
        grid.go_to(row)
        ask_for_menu(grid, QPoint(1, 1), reason)
    return titles(open_menu())


@pytest.mark.parametrize("reason", [BY_MOUSE, BY_KEY])
def test_the_menu_of_a_hit_offers_what_can_be_done_with_it(searched, reason):
    shown = grid_menu(searched, 1, reason)
    assert searched.presenter.results.grid.currentIndex().row() == 1
    for name in ("open_photo", "find_similar", "copy_cutout", "save_cutout", "copy_path"):
        assert COMMANDS[name].title in shown
    assert shown.count(COMMANDS["show_in_folder"].title) == 1


def test_a_photo_without_a_thing_has_no_commands_for_things(desktop):
    assert COMMANDS["save_cutout"].title not in grid_menu(desktop, 0)


def test_no_menu_beside_the_photos(searched):
    grid = searched.presenter.results.grid
    ask_for_menu(grid.viewport(), QPoint(1, 1))
    assert QApplication.activePopupWidget() is None


def test_opening_from_the_menu(searched):
    grid_menu(searched, 2)
    choose(COMMANDS["open_photo"].title)
    assert searched.presenter.photo.is_open and searched.presenter.photo.view.row == 2


def test_files_are_opened_shown_and_their_paths_copied(searched, indexed):
    path = searched.presenter.model.hit(0).photo.path
    shell = searched.window.shell
    grid_menu(searched, 0)
    choose(COMMANDS["open_elsewhere"].title)
    grid_menu(searched, 0)
    choose(COMMANDS["show_in_folder"].title)
    assert shell.asked == [("open", path), ("show", path)]
    grid_menu(searched, 0)
    choose(COMMANDS["copy_path"].title)
    assert QGuiApplication.clipboard().text() == str(path)


def test_a_file_that_is_gone_is_said_to_be_gone(searched, monkeypatch):
    monkeypatch.setattr("pathlib.Path.exists", lambda self, **_: False)
    searched.window.commands["open_elsewhere"].trigger()
    name = searched.presenter.model.hit(0).photo.path.name
    assert searched.window.shell.asked == []
    assert searched.window.toast.message == photo_text.FILE_GONE.format(name=name)


def test_a_right_click_on_a_thing_selects_it(searched, qtbot):
    grid = searched.presenter.results.grid
    row = next(r for r in range(3) if grid.model().hit(r).photo.path.name == "red-2.png")
    searched.presenter.photo.open_row(row)
    canvas = searched.presenter.photo.view.canvas
    qtbot.waitUntil(lambda: len(canvas.regions) == 2, timeout=DEADLINE_MS)
    (other,) = [region for region in canvas.regions if region not in canvas.selected_regions]
    box = other.box_xyxy
    middle = canvas.to_view().map((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    qtbot.waitUntil(lambda: canvas._path(other) is not None, timeout=DEADLINE_MS)
    ask_for_menu(canvas, QPoint(round(middle[0]), round(middle[1])))
    assert canvas.selected_regions == [other]
    assert COMMANDS["find_similar"].title in titles(open_menu())
    open_menu().close()
    ask_for_menu(canvas, QPoint(1, 1), BY_KEY)
    assert COMMANDS["copy_cutout"].title in titles(open_menu())


def test_a_thing_of_the_inspector_has_a_menu_of_its_own(searched, qtbot):
    things = searched.window.inspector.things
    searched.presenter.results.grid.go_to(0)
    qtbot.waitUntil(lambda: len(things.tiles) > 0, timeout=DEADLINE_MS)
    ask_for_menu(things.tiles[0], QPoint(5, 5))
    choose(COMMANDS["find_similar"].title)
    searching = searched.presenter.searching
    qtbot.waitUntil(
        lambda: searching.query is not None and searching.query.like is not None,
        timeout=DEADLINE_MS,
    )


def test_a_folder_is_shown_and_its_path_copied(desktop):
    row = desktop.window.sidebar.folder_rows()[0]
    ask_for_menu(row, QPoint(20, 10))
    choose(library_text.OPEN_FOLDER)
    choose_again = [a for a in row.menu.actions() if a.text() == library_text.COPY_PATH]
    choose_again[0].trigger()
    path = desktop.session.events.status.folders[0].path
    assert desktop.window.shell.asked == [("open", path)]
    assert QGuiApplication.clipboard().text() == str(path)


def test_a_problem_has_a_menu(desktop, qtbot):
    desktop.presenter.show_problems()
    page = desktop.presenter.problems_page
    qtbot.waitUntil(lambda: page.table.model().rowCount() == 1, timeout=DEADLINE_MS)
    page.table.selectRow(0)
    at = page.table.visualRect(page.table.model().index(0, 0)).center()
    ask_for_menu(page.table.viewport(), at)
    choose(photo_text.SHOW_IN_FOLDER)
    ((kind, path),) = desktop.window.shell.asked
    assert (kind, path.name) == ("show", "broken.jpg")

"""What people say of hits and things in the window: stored, shown at once, undone."""

from __future__ import annotations

import doctest

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from desktop_app.controllers.searching import VERIFY_COUNT
from desktop_app.text import correction_text, photo_text
from desktop_app.text.command_text import COMMANDS
from desktop_app.views.dialogs import Dialogs
from engine.errors import BadRequest
from engine.records import UNSTORED, Verdict
from tests.desktop_app.conftest import DEADLINE_MS, opens
from tests.desktop_app.test_context_menus import (
    _no_menu_stays_open,  # noqa: F401
    ask_for_menu,
    choose,
    grid_menu,
    open_menu,
    titles,
)

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
REDS = {"red-1.png", "red-2.png", "red-3.png"}


@pytest.fixture
def searched(desktop, search):
    """The window with the hits of "red", three of which match; the first one is current."""
    search(desktop, "red")
    grid(desktop).setFocus()
    assert names(desktop, Verdict.MATCH) == set(row_names(desktop)[:3]) == REDS
    return desktop


def grid(desktop):
    return desktop.presenter.results.grid


def rows(desktop):
    return desktop.presenter.model.rows


def row_names(desktop) -> list[str]:
    return [hit.photo.path.name for hit in rows(desktop)]


def names(desktop, verdict: Verdict) -> set[str]:
    return {hit.photo.path.name for hit in rows(desktop) if hit.verdict is verdict}


def said(desktop, query: str = "red") -> dict[str, bool]:
    """What the library holds: file name -> whether it matches."""
    photos = {photo.id: photo.path.name for photo in desktop.session.library.photos.page()}
    return {photos[i]: yes for i, yes in desktop.session.library.edits.judgements(query).items()}


def settled(desktop, qtbot, expected: dict[str, bool]) -> None:
    """Wait until the library holds this, and the search after it is over."""
    qtbot.waitUntil(lambda: said(desktop) == expected, timeout=DEADLINE_MS)
    qtbot.waitUntil(
        lambda: {h.photo.path.name for h in rows(desktop) if h.judged} == set(expected),
        timeout=DEADLINE_MS,
    )


def test_examples_in_the_docstrings_hold():
    results = doctest.testmod(correction_text)
    assert results.attempted > 0 and results.failed == 0


def test_a_denied_hit_is_marked_at_once_and_is_no_match_any_more(searched, search, qtbot):
    name = row_names(searched)[0]
    following = row_names(searched)[1]
    QTest.keyClick(grid(searched), Qt.Key.Key_N)
    (hit,) = [hit for hit in rows(searched) if hit.photo.path.name == name]
    assert hit.judged and hit.verdict is Verdict.NO, "before it is stored"
    assert row_names(searched)[-1] == name, "it stays in sight, in the No part"
    assert grid(searched).currentIndex().data() == following
    index = searched.presenter.model.index(len(rows(searched)) - 1)
    words = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert correction_text.YOU_SAID[Verdict.NO] in words
    assert "You said" in index.data(Qt.ItemDataRole.AccessibleDescriptionRole)
    settled(searched, qtbot, {name: False})
    search(searched, "blue")
    search(searched, "red")
    assert names(searched, Verdict.MATCH) == REDS - {name}
    assert name not in row_names(searched), "as other hits judged No, it is shown on request"


def test_a_confirmed_photo_is_a_match(searched, qtbot):
    searched.presenter.model.set_show_no(True)
    name = "green.png"
    grid(searched).go_to(row_names(searched).index(name))
    QTest.keyClick(grid(searched), Qt.Key.Key_Y)
    assert row_names(searched)[0] == name and rows(searched)[0].verdict is Verdict.MATCH
    settled(searched, qtbot, {name: True})
    assert names(searched, Verdict.MATCH) == {name, *REDS}
    grid(searched).go_to(0)
    assert searched.window.inspector._verdict.text() == "Match"
    assert "You said" in searched.window.inspector._reason.text()


def test_several_selected_photos_are_judged_at_once_and_undone_at_once(searched, qtbot):
    grid(searched).go_to(0)
    QTest.keyClick(grid(searched), Qt.Key.Key_Down, SHIFT)
    QTest.keyClick(grid(searched), Qt.Key.Key_Right, SHIFT)
    chosen = {hit.photo.path.name for hit in grid(searched).selected_hits()}
    assert len(chosen) > 1
    QTest.keyRelease(grid(searched), Qt.Key.Key_Shift)
    QTest.keyClick(grid(searched), Qt.Key.Key_N)
    settled(searched, qtbot, dict.fromkeys(chosen, False))
    searched.window.toast.button.click()
    settled(searched, qtbot, {})
    assert searched.window.toast.message.startswith(correction_text.UNDONE.format(what="")[:6])
    assert names(searched, Verdict.MATCH) == REDS


def test_undo_redo_and_taking_back(searched, qtbot):
    name = row_names(searched)[0]
    QTest.keyClick(grid(searched), Qt.Key.Key_N)
    settled(searched, qtbot, {name: False})
    QTest.keyClick(grid(searched), Qt.Key.Key_Z, CTRL)
    settled(searched, qtbot, {})
    what = correction_text.JUDGED_WRONG.format(query="red", photos=name)
    assert searched.window.toast.message == correction_text.UNDONE.format(what=what)
    assert names(searched, Verdict.MATCH) == REDS
    QTest.keyClick(grid(searched), Qt.Key.Key_Z, CTRL | SHIFT)
    settled(searched, qtbot, {name: False})
    assert searched.window.toast.message == correction_text.REDONE.format(what=what)
    grid(searched).go_to(row_names(searched).index(name))
    searched.window.commands["withdraw"].trigger()
    assert searched.window.toast.message == correction_text.TAKEN_BACK.format(query="red")
    settled(searched, qtbot, {})
    searched.window.commands["withdraw"].trigger()
    assert searched.window.toast.message == correction_text.NOTHING_SAID
    for _ in range(2):
        searched.window.commands["undo"].trigger()
    settled(searched, qtbot, {})
    searched.window.commands["undo"].trigger()
    qtbot.waitUntil(
        lambda: searched.window.toast.message == correction_text.NOTHING_TO_UNDO,
        timeout=DEADLINE_MS,
    )


def test_the_photo_in_the_photo_view_is_judged_and_stays_open(searched, qtbot):
    photo = searched.presenter.photo
    photo.open_row(1)
    name = photo.view.hit.photo.path.name
    assert photo.view.said.isHidden()
    QTest.keyClick(photo.view.canvas, Qt.Key.Key_N)
    assert photo.view.hit.photo.path.name == name and photo.view.hit.verdict is Verdict.NO
    assert correction_text.YOU_SAID[Verdict.NO] in photo.view.said.text()
    assert photo.view.said.isVisible() and photo.view.said.toolTip() == photo.view.hit.reason
    settled(searched, qtbot, {name: False})
    assert photo.is_open and photo.view.hit.photo.path.name == name
    photo.view.step(-1)
    assert photo.view.said.isHidden()


def test_the_menu_names_the_query(searched, qtbot):
    words = correction_text.THIS_IS_NOT.format(query="red")
    shown = grid_menu(searched, 1)
    assert COMMANDS["confirm_hit"].title in shown and f"{words}\tN" in shown
    assert COMMANDS["withdraw"].title not in shown
    name = row_names(searched)[1]
    choose(f"{words}\tN")
    settled(searched, qtbot, {name: False})
    assert COMMANDS["withdraw"].title in grid_menu(searched, row_names(searched).index(name))


def test_without_a_search_by_words_there_is_nothing_to_judge(desktop):
    assert COMMANDS["confirm_hit"].title not in grid_menu(desktop, 0)
    open_menu().close()
    QTest.keyClick(grid(desktop), Qt.Key.Key_Y)
    assert desktop.window.toast.message == correction_text.ONLY_HITS


def test_a_hit_that_is_not_in_sight_is_not_judged(searched, qtbot):
    searched.window.commands["settings"].trigger()
    qtbot.waitUntil(searched.presenter.settings.page.isVisible, timeout=DEADLINE_MS)
    searched.window.commands["deny_hit"].trigger()
    assert searched.window.toast.message == correction_text.ONLY_HITS
    assert not any(hit.judged for hit in rows(searched))


def test_letters_and_undo_in_the_search_field_are_its_own(searched):
    field = searched.window.search_bar.field
    field.setFocus()
    QTest.keyClicks(field, "ny")
    assert field.text().endswith("ny")
    QTest.keyClick(field, Qt.Key.Key_Z, CTRL)
    assert not field.text().endswith("ny")
    assert not any(hit.judged for hit in rows(searched))


def test_what_cannot_be_stored_is_not_shown_any_more(searched, monkeypatch, qtbot):
    def refuse(*_):
        raise BadRequest("Opened for reading only.", operation="changing a photo")

    monkeypatch.setattr(searched.session.library.edits, "judge", refuse)
    QTest.keyClick(grid(searched), Qt.Key.Key_N)
    assert any(hit.judged for hit in rows(searched))
    qtbot.waitUntil(lambda: names(searched, Verdict.MATCH) == REDS, timeout=DEADLINE_MS)
    ((kind, error),) = searched.window.dialogs.asked
    assert (kind, error.message) == ("problem", "Opened for reading only.")


def test_what_was_said_is_stored_when_the_window_closes_at_once(open_desktop, desktop, search):
    search(desktop, "red")
    grid(desktop).go_to(0)
    name = grid(desktop).currentIndex().data()
    for _ in range(3):
        desktop.presenter.corrections._edits.judge([rows(desktop)[0].photo.id], "red", match=False)
    desktop.window.close()
    again = open_desktop(desktop.session.root)
    assert said(again) == {name: False}


# -- the grid does not jump --------------------------------------------------------------------


@pytest.mark.parametrize("key", [Qt.Key.Key_N, Qt.Key.Key_Y])
def test_the_next_hit_takes_its_turn_in_its_place(open_desktop, sixty_photos, search, qtbot, key):
    desktop = open_desktop(open_library=opens(sixty_photos))
    search(desktop, "red ball")
    view = grid(desktop)
    view.setFocus()
    view.go_to(30)
    view.scrollTo(view.currentIndex(), view.ScrollHint.PositionAtCenter)
    judged, following = row_names(desktop)[30:32]
    place = view.visualRect(desktop.presenter.model.index(31, 0))
    QTest.keyClick(view, key)
    assert view.currentIndex().data() == following
    assert abs(view.visualRect(view.currentIndex()).top() - place.top()) <= 1
    moved_to = row_names(desktop).index(judged)
    assert moved_to == (59 if key == Qt.Key.Key_N else 0)
    qtbot.waitUntil(lambda: len(sixty_photos.requests) == 2, timeout=DEADLINE_MS)
    qtbot.waitUntil(lambda: desktop.presenter.searching.result.took_ms == 12.0, timeout=DEADLINE_MS)
    assert row_names(desktop)[moved_to] == judged and view.currentIndex().data() == following
    assert abs(view.visualRect(view.currentIndex()).top() - place.top()) <= 1


def test_a_hit_is_judged_while_a_second_look_runs(open_desktop, sixty_photos, search, qtbot):
    desktop = open_desktop(open_library=opens(sixty_photos))
    search(desktop, "red ball")
    grid(desktop).setFocus()
    desktop.window.search_bar.verify_switch.verified.click()
    sixty_photos.rerank_permits.release(2)
    searching = desktop.presenter.searching
    qtbot.waitUntil(
        lambda: searching.result is not None and searching.result.looked_at == 2,
        timeout=DEADLINE_MS,
    )
    grid(desktop).go_to(5)
    name = row_names(desktop)[5]
    QTest.keyClick(grid(desktop), Qt.Key.Key_N)
    assert row_names(desktop)[-1] == name
    sixty_photos.rerank_permits.release(VERIFY_COUNT)
    qtbot.waitUntil(
        lambda: searching.result.complete and searching.result.looked_at == VERIFY_COUNT,
        timeout=DEADLINE_MS,
    )
    assert row_names(desktop)[-1] == name
    assert [hit.photo.path.name for hit in rows(desktop) if hit.judged] == [name]


def test_a_second_look_that_was_stopped_does_not_go_on(open_desktop, sixty_photos, search, qtbot):
    desktop = open_desktop(open_library=opens(sixty_photos))
    search(desktop, "red ball")
    desktop.window.search_bar.verify_switch.verified.click()
    sixty_photos.rerank_permits.release(2)
    searching = desktop.presenter.searching
    qtbot.waitUntil(
        lambda: searching.result is not None and searching.result.looked_at == 2,
        timeout=DEADLINE_MS,
    )
    searching.stop_reranking()
    before = len(sixty_photos.requests)
    grid(desktop).go_to(5)
    desktop.window.commands["confirm_hit"].trigger()
    qtbot.waitUntil(lambda: len(sixty_photos.requests) > before, timeout=DEADLINE_MS)
    assert sixty_photos.requests[-1].verify == 2


# -- names -------------------------------------------------------------------------------------


def given_names(desktop, photo_id) -> list[str]:
    return [given.name for given in desktop.session.library.edits.region_names(photo_id)]


def test_a_thing_gets_a_name_another_and_none(searched, qtbot):
    photo, window = searched.presenter.photo, searched.window
    photo.open_row(0)
    canvas = photo.view.canvas
    qtbot.waitUntil(lambda: len(canvas.selected_regions) == 1, timeout=DEADLINE_MS)
    photo_id = canvas.photo.id
    ask_for_menu(canvas, QPoint(1, 1))
    assert COMMANDS["name_thing"].title in titles(open_menu())
    window.dialogs.name = "Rex"
    choose(COMMANDS["name_thing"].title)
    qtbot.waitUntil(lambda: given_names(searched, photo_id) == ["Rex"], timeout=DEADLINE_MS)
    qtbot.waitUntil(
        lambda: (
            f"Rex, {photo_text.NAMED_BY_YOU}"
            in [tile.accessibleName() for tile in window.inspector.things.tiles]
        ),
        timeout=DEADLINE_MS,
    )
    window.dialogs.name = ""
    window.activateWindow()  # the closed menu was the active one
    qtbot.waitUntil(window.isActiveWindow, timeout=DEADLINE_MS)
    QTest.keyClick(canvas, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: given_names(searched, photo_id) == [], timeout=DEADLINE_MS)
    assert window.dialogs.asked[-2:] == [("name", ""), ("name", "Rex")]
    QTest.keyClick(canvas, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: given_names(searched, photo_id) == ["Rex"], timeout=DEADLINE_MS)
    assert photo.is_open


@pytest.mark.parametrize(("key", "name"), [(Qt.Key.Key_Return, "Rex"), (Qt.Key.Key_Escape, None)])
def test_the_dialog_asks_with_the_present_name(qtbot, key, name):
    window = QWidget()
    qtbot.addWidget(window)

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        field = dialog.findChild(QLineEdit)
        assert field.text() == "Bello"
        field.selectAll()
        QTest.keyClicks(field, " Rex ")
        QTest.keyClick(field, key)

    QTimer.singleShot(0, answer)
    assert Dialogs(window).ask_name("Bello") == name


def test_a_thing_of_the_inspector_can_be_named(searched, qtbot):
    things = searched.window.inspector.things
    grid(searched).go_to(0)
    qtbot.waitUntil(lambda: len(things.tiles) > 0, timeout=DEADLINE_MS)
    region = things.tiles[0].region
    searched.window.dialogs.name = "Umbrella"
    ask_for_menu(things.tiles[0], QPoint(5, 5))
    choose(COMMANDS["name_thing"].title)
    qtbot.waitUntil(
        lambda: given_names(searched, region.photo_id) == ["Umbrella"], timeout=DEADLINE_MS
    )
    assert region.id != UNSTORED

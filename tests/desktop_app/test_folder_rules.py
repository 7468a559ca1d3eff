"""What is left out of a folder: default rules shown, own ones edited, tried and saved."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_app.text import folder_text
from engine.errors import Cancelled
from engine.jobs import CancelToken
from engine.watch.rules import default_rules
from tests.desktop_app.conftest import DEADLINE_MS


@pytest.fixture
def dialog(desktop, qtbot):
    (row,) = desktop.window.sidebar.folder_rows()
    next(a for a in row.menu.actions() if a.text() == folder_text.RULES).trigger()
    opened = desktop.presenter.folder.rules_dialog
    qtbot.waitUntil(opened.own.isEnabled, timeout=DEADLINE_MS)
    yield opened
    if desktop.presenter.folder.rules_dialog is opened:
        opened.close()


def stored_rules(desktop) -> str:
    library = desktop.session.library
    return library.folders.rules(library.folders.all()[0].id)


def test_the_default_rules_are_shown_with_their_reasons(dialog):
    table = dialog.defaults
    shown = [
        (table.item(row, 0).text(), table.item(row, 1).text()) for row in range(table.rowCount())
    ]
    assert shown == default_rules()
    assert all(why for _, why in shown) and ("cache/", "Caches.") in shown
    assert table.editTriggers() == table.EditTrigger.NoEditTriggers


def test_what_rules_would_leave_out_is_counted_while_they_are_typed(desktop, dialog, qtbot):
    nothing = folder_text.left_out(0, 7)
    qtbot.waitUntil(lambda: dialog.count == nothing, timeout=DEADLINE_MS)
    QTest.keyClicks(dialog.own, "red-*")
    QTest.keyClick(dialog.own, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.count == folder_text.left_out(3, 7), timeout=DEADLINE_MS)
    QTest.keyClicks(dialog.own, "!red-2.png")
    qtbot.waitUntil(lambda: dialog.count == folder_text.left_out(2, 7), timeout=DEADLINE_MS)
    QTest.keyClick(dialog.own, Qt.Key.Key_Escape)
    assert desktop.presenter.folder.rules_dialog is None
    assert stored_rules(desktop) == "", "nothing was saved"


def test_a_count_is_cancelled(desktop):
    folders, cancel = desktop.session.library.folders, CancelToken()
    folder_id = folders.all()[0].id
    assert folders.count_left_out(folder_id, "red-1.png", cancel) == (1, 7)
    cancel.cancel()
    with pytest.raises(Cancelled):
        folders.count_left_out(folder_id, "red-1.png", cancel)


def test_a_line_that_is_no_pattern_cannot_be_saved_until_it_is_mended(dialog, qtbot):
    dialog.own.setPlainText("red-*\n!")
    qtbot.waitUntil(lambda: bool(dialog.problem), timeout=DEADLINE_MS)
    assert ".gitignore" in dialog.problem and not dialog.save_button.isEnabled()
    assert dialog.count == ""
    dialog.own.setPlainText("red-*")
    assert dialog.problem == "" and dialog.save_button.isEnabled()
    qtbot.waitUntil(lambda: dialog.count == folder_text.left_out(3, 7), timeout=DEADLINE_MS)


def test_saving_at_once_checks_the_rules_too(desktop, dialog, qtbot):
    dialog.own.setPlainText("!")
    dialog.save_button.click()
    qtbot.waitUntil(lambda: bool(dialog.problem), timeout=DEADLINE_MS)
    assert dialog.isVisible() and stored_rules(desktop) == ""


def test_saved_rules_take_photos_out_and_bring_them_back(desktop, dialog, qtbot):
    model, presenter = desktop.presenter.model, desktop.presenter.folder
    dialog.own.setPlainText("red-*")
    dialog.save_button.click()
    qtbot.waitUntil(lambda: presenter.rules_dialog is None, timeout=DEADLINE_MS)
    assert desktop.window.toast.message == folder_text.RULES_SAVED
    assert stored_rules(desktop) == "red-*"
    qtbot.waitUntil(lambda: model.rowCount() == 3, timeout=DEADLINE_MS)

    desktop.window.commands["folder_rules"].trigger()
    again = presenter.rules_dialog
    qtbot.waitUntil(lambda: again.own.toPlainText() == "red-*", timeout=DEADLINE_MS)
    again.own.setPlainText("")
    again.save_button.click()
    qtbot.waitUntil(lambda: model.rowCount() == 6, timeout=DEADLINE_MS)

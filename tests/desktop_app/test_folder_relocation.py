"""A folder that is at another place now: asked for, compared, told, and gone on with."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_app.text import folder_text
from tests.desktop_app.conftest import DEADLINE_MS, opens


def test_examples_in_the_docstrings_hold():
    results = doctest.testmod(folder_text)
    assert results.attempted > 0 and results.failed == 0


def folder_menu(desktop) -> dict[str, object]:
    (row,) = desktop.window.sidebar.folder_rows()
    return {action.text(): action for action in row.menu.actions() if action.isVisible()}


@pytest.fixture
def dialog(desktop):
    folder_menu(desktop)[folder_text.RELOCATE].trigger()
    opened = desktop.presenter.folder.relocate_dialog
    assert opened.isVisible() and not opened.start_button.isEnabled()
    yield opened
    if desktop.presenter.folder.relocate_dialog is opened:
        opened.close()


def choose(desktop, dialog, place: Path | None) -> None:
    desktop.window.dialogs.folder = place
    dialog.choose_button.click()


def watched(desktop) -> Path:
    return desktop.session.library.folders.all()[0].path


def test_photos_are_found_at_the_new_place(desktop, dialog, model_store, tmp_path, qtbot):
    place = tmp_path / "elsewhere"
    shutil.copytree(model_store, place)
    choose(desktop, dialog, None)
    assert dialog.place is None and not dialog.start_button.isEnabled()
    choose(desktop, dialog, place)
    dialog.start_button.click()
    assert dialog.progress.isVisible() and not dialog.start_button.isEnabled()
    qtbot.waitUntil(lambda: bool(dialog.outcome), timeout=DEADLINE_MS)
    assert "“Pictures” is at" in dialog.outcome and "7 of 7 photos" in dialog.outcome
    assert not dialog.start_button.isVisible() and not dialog.choose_button.isEnabled()
    assert watched(desktop) == place
    model, (row,) = desktop.presenter.model, desktop.window.sidebar.folder_rows()
    qtbot.waitUntil(
        lambda: model.rowCount() == 6 and model.hit(0).photo.path.parent == place,
        timeout=DEADLINE_MS,
    )
    qtbot.waitUntil(lambda: row.accessibleName().startswith("elsewhere"), timeout=DEADLINE_MS)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert desktop.presenter.folder.relocate_dialog is None


def test_hits_of_a_search_get_their_new_paths(desktop, search, model_store, tmp_path, qtbot):
    search(desktop, "red")
    place = tmp_path / "elsewhere"
    shutil.copytree(model_store, place)
    desktop.window.commands["relocate_folder"].trigger()
    dialog = desktop.presenter.folder.relocate_dialog
    choose(desktop, dialog, place)
    dialog.start_button.click()
    model = desktop.presenter.model
    qtbot.waitUntil(
        lambda: model.rowCount() == 3 and model.hit(0).photo.path.parent == place,
        timeout=DEADLINE_MS,
    )
    dialog.close()


def test_another_folder_is_refused_in_words_and_a_better_one_may_follow(
    desktop, dialog, model_store, tmp_path, qtbot
):
    before = watched(desktop)
    wrong, right = tmp_path / "wrong", tmp_path / "right"
    wrong.mkdir()
    shutil.copytree(model_store, right)
    choose(desktop, dialog, wrong)
    dialog.start_button.click()
    qtbot.waitUntil(lambda: bool(dialog.problem), timeout=DEADLINE_MS)
    assert "Of 7 photos that were looked for here, 0 are the same." in dialog.problem
    assert str(wrong) in dialog.problem and "Nothing was changed" in dialog.problem
    assert watched(desktop) == before and not dialog.progress.isVisible()
    choose(desktop, dialog, right)
    assert dialog.problem == ""
    dialog.start_button.click()
    qtbot.waitUntil(lambda: bool(dialog.outcome), timeout=DEADLINE_MS)
    assert watched(desktop) == right


def hold_comparison(desktop):
    """Scans hold this lock; comparing waits for it."""
    lock = desktop.session.library._components.folder_scan._lock
    assert lock.acquire(timeout=DEADLINE_MS / 1000)
    return lock


@pytest.mark.parametrize("how", ["button", "escape"])
def test_a_comparison_is_stopped(desktop, dialog, model_store, tmp_path, qtbot, how):
    before, place = watched(desktop), tmp_path / "elsewhere"
    shutil.copytree(model_store, place)
    choose(desktop, dialog, place)
    lock = hold_comparison(desktop)
    try:
        dialog.start_button.click()
        assert dialog.progress.words == folder_text.WAITING
        if how == "button":
            dialog.progress.cancel_button.click()
        else:
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: dialog.outcome == folder_text.STOPPED, timeout=DEADLINE_MS)
    finally:
        lock.release()
    assert watched(desktop) == before and dialog.start_button.isEnabled()


def test_what_a_closed_dialog_began_is_not_told_in_the_next_one(
    desktop, dialog, model_store, tmp_path, qtbot
):
    place = tmp_path / "elsewhere"
    shutil.copytree(model_store, place)
    choose(desktop, dialog, place)
    lock = hold_comparison(desktop)
    try:
        dialog.start_button.click()
        relocation = desktop.presenter.folder._relocation
        qtbot.waitUntil(lambda: relocation._task._watched is not None, timeout=DEADLINE_MS)
        dialog.close()
        folder_menu(desktop)[folder_text.RELOCATE].trigger()
        again = desktop.presenter.folder.relocate_dialog
        choose(desktop, again, place)
        again.start_button.click()
    finally:
        lock.release()
    qtbot.waitUntil(lambda: bool(again.outcome), timeout=DEADLINE_MS)
    assert "7 of 7 photos" in again.outcome
    again.close()


def test_a_folder_that_lacks_photos_offers_it_in_the_question(open_desktop, memory, qtbot):
    memory.replace_folder(online=False, lacking=7, photos=9)
    desktop = open_desktop(open_library=opens(memory))
    bar = desktop.window.lacking_bar
    qtbot.waitUntil(bar.isVisible, timeout=DEADLINE_MS)
    bar.relocate_button.click()
    dialog = desktop.presenter.folder.relocate_dialog
    assert dialog.folder.path == memory.folder.path
    dialog.close()
    assert bar.isVisible(), "nothing is answered yet"


def test_with_several_folders_the_command_asks_which(open_desktop, memory, tmp_path, qtbot):
    memory.folders.add(tmp_path)
    memory.replace_folder(online=True)
    memory._folders[1] = type(memory.folder)(memory._folders[1].id, tmp_path, False)
    desktop = open_desktop(open_library=opens(memory))
    desktop.window.commands["relocate_folder"].trigger()
    menu = QApplication.activePopupWidget()
    assert menu is desktop.presenter.folder.menu
    first = menu.actions()[0]
    assert first.text() == str(tmp_path), "one that is not connected comes first"
    first.trigger()
    menu.close()
    assert desktop.presenter.folder.relocate_dialog.folder.path == tmp_path
    desktop.presenter.folder.relocate_dialog.close()


def test_without_a_folder_the_command_says_so(open_desktop):
    desktop = open_desktop()
    desktop.window.commands["relocate_folder"].trigger()
    assert desktop.window.toast.message == folder_text.NO_FOLDER

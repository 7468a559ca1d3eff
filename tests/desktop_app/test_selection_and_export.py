"""Several photos selected by mouse and keyboard, and exported with one dialog, on real files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_app.text import export_text
from engine.records import ExistingFiles, ExportKind
from tests.desktop_app.conftest import DEADLINE_MS

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def searched(desktop, search):
    search(desktop, "red")
    desktop.presenter.results.grid.setFocus()
    return desktop


@pytest.fixture
def grid(searched):
    return searched.presenter.results.grid


def middle(grid, row: int) -> QPoint:
    return grid.visualRect(grid.model().index(row, 0)).center()


def click(grid, row: int, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    QTest.mouseClick(grid.viewport(), LEFT, modifiers, middle(grid, row))


def selected(grid) -> list[int]:
    return [
        row
        for row in range(grid.model().rowCount())
        if grid.selectionModel().isSelected(grid.model().index(row, 0))
    ]


def bar(desktop):
    return desktop.presenter.results.selection_bar


# -- selecting ---------------------------------------------------------------------------------


def test_ctrl_adds_and_takes_away_and_shift_selects_a_range(grid, searched):
    click(grid, 0)
    assert selected(grid) == [0] and not bar(searched).isVisible()
    click(grid, 2, CTRL)
    assert selected(grid) == [0, 2] and bar(searched).message == "2 photos selected"
    click(grid, 0, CTRL)
    assert selected(grid) == [2] and not bar(searched).isVisible()
    click(grid, 0)
    click(grid, 2, SHIFT)
    assert selected(grid) == [0, 1, 2]
    click(grid, 1, SHIFT)
    assert selected(grid) == [0, 1]
    click(grid, 1)
    assert selected(grid) == [1]


def test_shift_and_arrows_grow_and_shrink_the_selection(grid):
    grid.go_to(0)
    QTest.keyClick(grid, Qt.Key.Key_Right, SHIFT)
    QTest.keyClick(grid, Qt.Key.Key_Right, SHIFT)
    assert selected(grid) == [0, 1, 2] and grid.selected_count == 3
    QTest.keyClick(grid, Qt.Key.Key_Left, SHIFT)
    assert selected(grid) == [0, 1]
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert selected(grid) == [2]


def test_a_rubber_band_selects_what_it_touches(grid):
    def send(kind, at: QPoint, buttons=LEFT) -> None:
        where = QPointF(grid.viewport().mapToGlobal(at))
        button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else LEFT
        none = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, QPointF(at), where, button, buttons, none)
        QApplication.sendEvent(grid.viewport(), event)

    start, end = middle(grid, 2) + QPoint(0, 400), middle(grid, 1)
    assert not grid.indexAt(start).isValid()
    send(QEvent.Type.MouseButtonPress, start)
    send(QEvent.Type.MouseMove, start - QPoint(30, 30))
    send(QEvent.Type.MouseMove, end)
    assert selected(grid) == [1, 2] and not grid._band.isNull()
    send(QEvent.Type.MouseButtonRelease, end, Qt.MouseButton.NoButton)
    assert selected(grid) == [1, 2] and grid._band.isNull()


def test_all_are_selected_by_key_and_escape_leaves_one(grid, searched):
    QTest.keyClick(grid, Qt.Key.Key_A, CTRL)
    assert selected(grid) == list(range(grid.model().rowCount()))
    assert bar(searched).isVisible()
    QTest.keyClick(searched.window, Qt.Key.Key_Escape)
    assert len(selected(grid)) == 1 and searched.presenter.searching.query is not None


def test_all_photos_are_said_to_be_those_that_were_read(desktop):
    events, select_all = desktop.session.events, desktop.window.commands["select_all"]
    select_all.trigger()
    assert bar(desktop).message == "6 photos selected"
    events.stop()
    events.status = replace(events.status, searchable=12_000)  # as if the grid had read a part
    desktop.presenter.exports.select_none()
    select_all.trigger()
    assert bar(desktop).message == "6 photos selected, all that were shown so far"


def test_a_new_search_selects_nothing(grid, searched, search):
    QTest.keyClick(grid, Qt.Key.Key_A, CTRL)
    search(searched, "blue")
    assert not bar(searched).isVisible() and grid.selected_count <= 1


# -- the dialog --------------------------------------------------------------------------------


@pytest.fixture
def dialog(grid, searched, tmp_path, qtbot):
    """The dialog on the three photos with red, into an empty folder."""
    for row in range(3):
        click(grid, row, CTRL if row else Qt.KeyboardModifier.NoModifier)
    (tmp_path / "out").mkdir()
    searched.window.dialogs.folder = tmp_path / "out"
    bar(searched).export_button.click()
    dialog = searched.presenter.exports.dialog
    dialog.choose_button.click()
    assert dialog.folder == tmp_path / "out"
    qtbot.waitUntil(dialog.start_button.isEnabled, timeout=DEADLINE_MS)
    return dialog


def export(dialog, qtbot) -> str:
    dialog.start_button.click()
    qtbot.waitUntil(lambda: dialog.close_button.hasFocus() or bool(dialog.problem), timeout=60_000)
    return dialog.outcome


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()}


def test_what_is_previewed_is_written(dialog, qtbot, tmp_path):
    assert dialog.chosen_kinds() == [ExportKind.CUTOUT]
    previewed = dialog.preview.splitlines()
    assert sorted(previewed) == [f"red-{n} - red - cutout.png" for n in (1, 2, 3)]
    assert export(dialog, qtbot) == "3 files written."
    assert sorted(files(tmp_path / "out")) == sorted(previewed)
    with Image.open(tmp_path / "out" / previewed[0]) as picture:
        assert picture.mode == "RGBA"


def test_a_second_run_changes_nothing_unless_asked(dialog, qtbot, tmp_path):
    export(dialog, qtbot)
    before = files(tmp_path / "out")
    qtbot.waitUntil(lambda: "3 files" in dialog.existing_note, timeout=DEADLINE_MS)
    assert "stay" in dialog.existing_note
    assert "left as before" in export(dialog, qtbot) and files(tmp_path / "out") == before
    dialog.existing.setCurrentIndex(dialog.existing.findData(ExistingFiles.REPLACE))
    qtbot.waitUntil(lambda: "replaced" in dialog.existing_note, timeout=DEADLINE_MS)
    assert export(dialog, qtbot) == "3 files written."
    after = files(tmp_path / "out")
    assert set(after) == set(before) and after != before


def test_several_kinds_are_exported_at_once(dialog, qtbot, tmp_path):
    for box in dialog.kinds.values():
        box.setChecked(True)
    dialog.pattern.setText("{number} {name} {kind}")
    qtbot.waitUntil(lambda: "more" in dialog.preview, timeout=DEADLINE_MS)
    assert export(dialog, qtbot) == "17 files written."
    written = files(tmp_path / "out")
    assert {Path(name).suffix for name in written} == {".png", ".jpg", ".json", ".csv"}
    assert sum(name.endswith("original.png") for name in written) == 3


def test_a_wrong_pattern_and_no_kind_are_said_at_once(dialog, qtbot):
    dialog.pattern.setText("{nmae}")
    qtbot.waitUntil(lambda: "{nmae}" in dialog.problem, timeout=DEADLINE_MS)
    assert not dialog.start_button.isEnabled() and "{name}" in dialog.problem
    dialog.pattern.setText("{name}")
    qtbot.waitUntil(dialog.start_button.isEnabled, timeout=DEADLINE_MS)
    dialog.kinds[ExportKind.CUTOUT].setChecked(False)
    qtbot.waitUntil(lambda: dialog.problem == export_text.NO_KIND, timeout=DEADLINE_MS)


def test_stopping_leaves_no_partial_file(dialog, qtbot, tmp_path, searched):
    """The pixels of the second photo wait until the export has been stopped."""
    pixels = searched.session.library._components.pixels
    read, calls = pixels.read, []

    def held(photo):
        calls.append(photo)
        if len(calls) == 2:
            searched.presenter.exports._exports._running.job.cancel()
        return read(photo)

    pixels.read = held
    dialog.start_button.click()
    qtbot.waitUntil(lambda: dialog.outcome == export_text.STOPPED, timeout=DEADLINE_MS)
    names = sorted(files(tmp_path / "out"))
    assert len(names) == 2 and not any(name.endswith(".part") for name in names)
    for name in names:
        with Image.open(tmp_path / "out" / name) as picture:
            picture.load()
    del pixels.read
    assert "1 file written" in export(dialog, qtbot)


def test_a_folder_that_cannot_be_written_is_said_in_the_dialog(dialog, qtbot, tmp_path):
    (tmp_path / "file").write_text("in the way")
    dialog.set_folder(tmp_path / "file")
    qtbot.waitUntil(dialog.start_button.isEnabled, timeout=DEADLINE_MS)
    export(dialog, qtbot)
    assert "in the way" in dialog.problem and dialog.start_button.isEnabled()


def test_escape_closes_the_dialog_and_the_folder_is_shown(dialog, qtbot, searched):
    export(dialog, qtbot)
    dialog.show_button.click()
    assert searched.window.shell.asked[0][0] == "show"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert searched.presenter.exports.dialog is None


def test_one_photo_is_exported_from_its_menu_too(searched, grid):
    click(grid, 1)
    searched.window.commands["export"].trigger()
    assert searched.presenter.exports.dialog.windowTitle() == "Export 1 photo"
    searched.presenter.exports.dialog.close()

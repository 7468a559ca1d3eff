"""The settings page on a real library: every declared setting, search, storing, defaults."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_app.text import settings_text
from engine import settings as settings_file
from engine.settings import CHANGED_BY_PROFILE, Settings
from tests.desktop_app.conftest import DEADLINE_MS
from tests.fakes import gguf_files


@pytest.fixture(autouse=True)
def own_model_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path / "models"))


@pytest.fixture
def page(own_model_store, desktop):
    QTest.keyClick(desktop.window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    page = desktop.presenter.settings.page
    assert page.isVisible() and page.field.hasFocus()
    return page


def stored(desktop) -> Settings:
    return settings_file.load(desktop.session.root / "settings.json")[0]


def wait_until_stored(desktop, qtbot, name: str, value: object) -> None:
    qtbot.waitUntil(lambda: getattr(stored(desktop), name) == value, timeout=DEADLINE_MS)
    row = desktop.presenter.settings.page.rows[name]
    shown = value != row.row.default
    qtbot.waitUntil(lambda: row.reset_button.isVisible() == shown, timeout=DEADLINE_MS)


def shown(page) -> set[str]:
    return {name for name, row in page.rows.items() if row.isVisible()}


def test_every_setting_has_a_row_that_says_what_it_does(page):
    assert list(page.rows) and set(page.rows) == {
        row.name for row in fields(Settings) if row.name not in CHANGED_BY_PROFILE
    }
    for row in page.rows.values():
        assert row.control.accessibleName() and row.control.accessibleDescription()
        assert "_" not in row.accessibleName()
        assert row.reset_button.isHidden() and row.reset_button.accessibleName()


def test_the_field_finds_settings_by_name_and_description(page):
    page.field.setText("memory")
    assert shown(page) == {"workers", "second_look_model", "second_look_idle_minutes"}
    page.field.setText("memory idle")
    assert shown(page) == {"second_look_idle_minutes"}
    page.field.setText("zebra")
    assert shown(page) == set() and "zebra" in page._nothing.text()
    page.field.clear()
    assert len(shown(page)) == len(page.rows)


def test_a_number_is_stored_and_set_back_to_its_default(page, desktop, qtbot):
    row = page.rows["workers"]
    assert row.control.text() == "automatic"
    row.control.setFocus()
    QTest.keyClick(row.control, Qt.Key.Key_Up)
    wait_until_stored(desktop, qtbot, "workers", 1)
    assert row.control.text() == "1 processes"
    row.reset_button.click()
    wait_until_stored(desktop, qtbot, "workers", 0)


def test_a_value_of_a_list_is_stored(page, desktop, qtbot):
    box = page.rows["second_look_picture_px"].control
    assert [box.itemText(at) for at in range(box.count())][:2] == ["automatic", "448 pixels"]
    box.setCurrentIndex(2)
    wait_until_stored(desktop, qtbot, "second_look_picture_px", 672)


def test_installed_language_models_can_be_chosen(page, desktop, qtbot, tmp_path):
    gguf_files.language(tmp_path / "own.gguf")
    gguf_files.vision(tmp_path / "part.gguf")
    files = desktop.session.library.model_files
    files.import_files([tmp_path / "own.gguf", tmp_path / "part.gguf"]).result(20)
    desktop.window.commands["settings"].trigger()
    box = page.rows["second_look_model"].control
    qtbot.waitUntil(lambda: box.findData("own") > 0, timeout=DEADLINE_MS)
    assert box.currentText() == settings_text.BEST_MODEL
    box.setCurrentIndex(box.findData("own"))
    wait_until_stored(desktop, qtbot, "second_look_model", "own")
    # It is removed elsewhere, and then chosen again from a list that is old by now.
    desktop.session.library.change_settings({"second_look_model": ""})
    files.remove("own").result(20)
    page.rows["second_look_model"].show_value("")
    box.setCurrentIndex(box.findData("own"))
    row = page.rows["second_look_model"]
    qtbot.waitUntil(lambda: row.problem != "", timeout=DEADLINE_MS)
    assert "No language model called own" in row.problem
    assert stored(desktop).second_look_model == ""


def test_the_wheel_changes_no_value_that_has_no_focus(page):
    control = page.rows["rescan_minutes"].control
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(control, wheel)
    assert control.value() == 60

"""Every command has words and a way by keyboard; the palette finds and runs them."""

from __future__ import annotations

import doctest
import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from desktop_app.text import command_text
from desktop_app.text.command_text import COMMANDS, GROUPS
from desktop_app.views import command_palette
from desktop_app.views.command_palette import CommandPalette, matching
from desktop_app.views.dialogs import ShortcutsDialog

CTRL = Qt.KeyboardModifier.ControlModifier


def open_palette(desktop) -> CommandPalette:
    QTest.keyClick(desktop.window, Qt.Key.Key_K, CTRL)
    palette = QApplication.activeModalWidget()
    assert isinstance(palette, CommandPalette)
    return palette


@pytest.mark.parametrize("module", [command_text, command_palette])
def test_examples_in_the_docstrings_hold(module):
    results = doctest.testmod(module)
    assert results.attempted > 0 and results.failed == 0


def test_commands_have_distinct_titles_and_keys_of_their_own():
    titles = [text.title for text in COMMANDS.values()]
    assert len(set(titles)) == len(titles)
    keys = [QKeySequence(key).toString() for text in COMMANDS.values() for key in text.keys]
    assert all(keys) and len(set(keys)) == len(keys)
    assert {text.group for text in COMMANDS.values()} <= set(GROUPS)


def test_every_command_does_something(desktop):
    actions = desktop.window.commands
    assert set(actions) == set(COMMANDS)
    for name, action in actions.items():
        assert action.receivers("2triggered(bool)") + action.receivers("2triggered()") > 0, name
        assert action.text() == COMMANDS[name].title


def test_the_list_of_shortcuts_names_every_key(desktop):
    dialog = ShortcutsDialog(desktop.window)
    shown = "\n".join(label.text() for label in dialog.findChildren(QLabel))
    for text in COMMANDS.values():
        if text.keys:
            assert text.title in shown and "  or  ".join(text.keys) in shown
    dialog.deleteLater()


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("models", "models"),
        ("full scr", "fullscreen"),
        ("screen", "fullscreen"),
        ("path", "copy_path"),
        ("order newest", "sort_newest"),
    ],
)
def test_commands_are_found_by_their_words(words, first):
    assert matching(words, COMMANDS)[0] == first


def test_all_commands_are_listed_until_words_are_typed(desktop):
    palette = open_palette(desktop)
    assert palette.names == list(COMMANDS)
    QTest.keyClicks(palette.field, "zzz")
    assert palette.names == []
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert QApplication.activeModalWidget() is None


def test_enter_runs_the_command(desktop, qtbot):
    palette = open_palette(desktop)
    QTest.keyClicks(palette.field, "settings")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(desktop.presenter.settings.page.isVisible, timeout=20_000)


def test_arrows_choose_another_one(desktop, qtbot):
    palette = open_palette(desktop)
    QTest.keyClicks(palette.field, "show")
    second = palette.names[1]
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    with qtbot.waitSignal(desktop.window.commands[second].triggered, timeout=20_000):
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert re.match("Show", COMMANDS[second].title)

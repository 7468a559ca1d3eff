"""The command palette: all commands of the window, found by their words, run by Enter."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop_app.text import command_text
from desktop_app.text.command_text import CommandText
from desktop_app.views.painting.theme import Theme

SIZE_PX = (520, 420)
ROW_PX = 32


def matching(words: str, commands: Mapping[str, CommandText]) -> list[str]:
    """Names of the commands with all these words in title or group; titles that begin with them
    come first, then those with them at the beginning of a word.

    >>> matching("set", command_text.COMMANDS)[:1]
    ['settings']
    """
    wanted = words.casefold().split()
    found: list[tuple[int, int, str]] = []
    for place, (name, text) in enumerate(commands.items()):
        title = text.title.casefold()
        everything = f"{title} {text.group.casefold()}"
        if not all(word in everything for word in wanted):
            continue
        begins = title.startswith(" ".join(wanted))
        starts = all(any(part.startswith(word) for part in title.split()) for word in wanted)
        found.append((0 if begins else 1 if starts else 2, place, name))
    return [name for _, _, name in sorted(found)]


class CommandPalette(QDialog):
    """A field and the list of the commands that match it.

    Args:
        actions: the commands by name; a disabled one is not listed.
    """

    def __init__(self, actions: Mapping[str, QAction], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions, self._theme = actions, theme
        self.setWindowTitle(command_text.PALETTE)
        self.setMinimumSize(*SIZE_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self.field = QLineEdit()
        self.field.setPlaceholderText(command_text.PALETTE_HINT)
        self.field.setAccessibleName(command_text.PALETTE)
        self.field.textChanged.connect(self._show_matching)
        self.field.installEventFilter(self)
        column.addWidget(self.field)
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName(command_text.PALETTE)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.table.horizontalHeader()
        header.hide()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.table.clicked.connect(self.run)
        column.addWidget(self.table, 1)
        self._names: list[str] = []
        self._show_matching()

    @property
    def names(self) -> list[str]:
        """Names of the commands on show."""
        return list(self._names)

    def run(self) -> None:
        """Close, then run the chosen command."""
        row = self.table.currentRow()
        if 0 <= row < len(self._names):
            action = self._actions[self._names[row]]
            self.accept()
            QTimer.singleShot(0, action.trigger)  # the window has the focus again by then

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The field passes on the keys that move in the list."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: 8,
            Qt.Key.Key_PageUp: -8,
        }
        key = Qt.Key(event.key())
        if key in steps and self._names:
            row = self.table.currentRow() + steps[key]
            self.table.selectRow(max(0, min(len(self._names) - 1, row)))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.run()
            return True
        return False

    def _show_matching(self) -> None:
        enabled = {
            name: text
            for name, text in command_text.COMMANDS.items()
            if name in self._actions and self._actions[name].isEnabled()
        }
        self._names = matching(self.field.text(), enabled)
        self.table.setRowCount(len(self._names))
        for row, name in enumerate(self._names):
            text = enabled[name]
            self.table.setItem(row, 0, QTableWidgetItem(text.title))
            keys = QTableWidgetItem("  or  ".join(text.keys))
            keys.setForeground(self._theme.tokens["secondary"])
            keys.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, 1, keys)
        if self._names:
            self.table.selectRow(0)

"""Names and values of what is known about a photo, one line each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from desktop_app.text import photo_text
from desktop_app.views.widgets.basic_widgets import ElidedLabel, label

_PATHS = frozenset({photo_text.FOLDER})
"""Their ends say more than their middle."""


class FactList(QWidget):
    """Shows the facts it is given and no empty lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._lines: list[tuple[QLabel, ElidedLabel]] = []

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show these names with their values, in this order."""
        while len(self._lines) < len(facts):
            row = len(self._lines)
            line = label(role="secondary"), ElidedLabel()
            for column, part in enumerate(line):
                self._grid.addWidget(part, row, column)
            self._lines.append(line)
        for at, (name, value) in enumerate(self._lines):
            shown = at < len(facts)
            name.setVisible(shown)
            value.setVisible(shown)
            name.setText(facts[at][0] if shown else "")
            middle = shown and facts[at][0] in _PATHS
            value.set_mode(Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight)
            value.set_full_text(facts[at][1] if shown else "")

    def facts(self) -> dict[str, str]:
        """What is shown, in full."""
        return {
            name.text(): value.full_text() for name, value in self._lines if not name.isHidden()
        }

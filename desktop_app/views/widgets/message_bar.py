"""A bar with a sentence and an optional button."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from desktop_app.views.widgets.basic_widgets import label, push_button


class MessageBar(QFrame):
    """A sentence over the grid, with an optional button, and one that dismisses it.

    Signals:
        pressed(), dismissed(): a button was pressed.
    """

    pressed = Signal()
    dismissed = Signal()

    def __init__(self, button: str = "", dismiss: str = "") -> None:
        super().__init__()
        self.setObjectName("band")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(12)
        self._words = label(wrap=True)
        row.addWidget(self._words, 1)
        self.button = push_button(button, role="link")
        self.button.clicked.connect(self.pressed)
        row.addWidget(self.button)
        self.button.setVisible(bool(button))
        self.dismiss_button = push_button(dismiss, role="link")
        self.dismiss_button.clicked.connect(self.dismissed)
        row.addWidget(self.dismiss_button)
        self.dismiss_button.setVisible(bool(dismiss))
        self.hide()

    def show_message(self, words: str) -> None:
        """Show a sentence; an empty one hides the bar."""
        self._words.setText(words)
        self.setVisible(bool(words))

    @property
    def message(self) -> str:
        """The sentence on show."""
        return self._words.text()

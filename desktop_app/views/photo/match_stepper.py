"""Steps through the things of a photo that match the query."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_app.text import photo_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import icon_button, label


class MatchStepper(QWidget):
    """ "2 of 3 matches" between two buttons; hidden unless several things match.

    Signals:
        stepped(int): go to the next (1) or the previous (-1) one.
    """

    stepped = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self.previous_button = icon_button(theme, "previous", photo_text.PREVIOUS_MATCH)
        self.previous_button.setToolTip(f"{photo_text.PREVIOUS_MATCH} (,)")
        self.previous_button.clicked.connect(self.step_back)
        self.words = label(role="secondary")
        self.next_button = icon_button(theme, "next", photo_text.NEXT_MATCH)
        self.next_button.setToolTip(f"{photo_text.NEXT_MATCH} (.)")
        self.next_button.clicked.connect(self.step_on)
        for widget in (self.previous_button, self.words, self.next_button):
            row.addWidget(widget)
        self.hide()

    def show_match(self, at: int | None, count: int) -> None:
        """Show which of ``count`` things is selected, from 0; None if it is another one."""
        self.words.setText(photo_text.match(at, count))
        self.setVisible(count > 1)

    def step_on(self) -> None:
        """Go to the next one."""
        self.stepped.emit(1)

    def step_back(self) -> None:
        """Go to the previous one."""
        self.stepped.emit(-1)

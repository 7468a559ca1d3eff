"""What is said over the grid of the closer look: how far it is, what keeps it, what can be done."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from desktop_app import text
from desktop_app.views.widgets.basic_widgets import label, push_button


class SecondLookBar(QFrame):
    """Signals:
    stop(), more(): a button was pressed.
    """

    stop = Signal()
    more = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("band")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(12)
        self._words = label(wrap=True)
        self._words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        row.addWidget(self._words, 1)
        self.stop_button = push_button(text.STOP, role="link")
        self.stop_button.setAccessibleName(text.STOP_NAME)
        self.stop_button.clicked.connect(self.stop)
        self.more_button = push_button("", role="link")
        self.more_button.clicked.connect(self.more)
        for button in (self.stop_button, self.more_button):
            row.addWidget(button)
            button.hide()
        self.hide()

    def say(self, words: str, *, can_stop: bool = False, more: int = 0) -> None:
        """Nothing to say hides it.

        Args:
            more: how many more hits can be looked at; 0 for no such button.
        """
        self._words.setText(words)
        if more:
            self.more_button.setText(text.LOOK_AT_MORE.format(count=text.number(more)))
            self.more_button.setAccessibleName(self.more_button.text())
            self.more_button.setToolTip(f"{self.more_button.text()} (Ctrl+Shift+M)")
        self._offer(self.stop_button if can_stop else self.more_button if more else None)
        self.setVisible(bool(words))

    @property
    def words(self) -> str:
        return self._words.text()

    def _offer(self, offered: QPushButton | None) -> None:
        """Show this button alone; the keyboard's focus goes from the one before to it."""
        other = self.more_button if offered is self.stop_button else self.stop_button
        held = other.hasFocus()
        if offered is not None:
            offered.show()
            if held:
                offered.setFocus(Qt.FocusReason.OtherFocusReason)
        for button in (self.stop_button, self.more_button):
            if button is not offered:
                button.hide()

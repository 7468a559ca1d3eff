"""A notice at the bottom of the window that disappears by itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from desktop_app.text import window_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import icon_button, label, push_button

SHOWN_MS = 7000
ABOVE_BOTTOM_PX = 136
"""Distance that leaves the filmstrip uncovered."""


class Toast(QFrame):
    """Shows one message at a time; a new one replaces it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(8)
        self._words = label()
        row.addWidget(self._words)
        self.button = push_button("", role="link")
        self.button.setAccessibleName(window_text.DISMISS)
        self.button.clicked.connect(self._button_pressed)
        row.addWidget(self.button)
        close = icon_button(theme, "close", window_text.DISMISS)
        close.clicked.connect(self.hide)
        row.addWidget(close)
        self._action: Callable[[], None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    def show_message(
        self, words: str, button: str = "", action: Callable[[], None] | None = None
    ) -> None:
        """Show a message, with a button that calls ``action``; without a label no button."""
        self._words.setText(words)
        self.setAccessibleName(words)
        self._action = action
        self.button.setText(button)
        self.button.setAccessibleName(button or window_text.DISMISS)
        self.button.setVisible(bool(button))
        self.show()
        self.raise_()
        self._move_to_place()
        self._timer.start()

    @property
    def message(self) -> str:
        """The message shown last."""
        return self._words.text()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._move_to_place()
        return False

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        self._timer.start()

    def _button_pressed(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()

    def _move_to_place(self) -> None:
        self.adjustSize()
        parent = self.parentWidget()
        assert parent is not None  # __init__ requires one
        x = (parent.width() - self.width()) // 2
        self.move(max(8, x), parent.height() - self.height() - ABOVE_BOTTOM_PX)

"""A quiet notice at the bottom of the window that goes away by itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from desktop_app import text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import icon_button, label, push_button

SHOWN_MS = 7000
ABOVE_BOTTOM_PX = 136
"""Clear of the filmstrip."""


class Toast(QFrame):
    """Says one thing at a time; a newer one takes its place."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(8)
        self._words = label()
        row.addWidget(self._words)
        self.button = push_button("", role="link")
        self.button.setAccessibleName(text.DISMISS)
        self.button.clicked.connect(self._act)
        row.addWidget(self.button)
        close = icon_button(theme, "close", text.DISMISS)
        close.clicked.connect(self.hide)
        row.addWidget(close)
        self._action: Callable[[], None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    def say(self, words: str, button: str = "", action: Callable[[], None] | None = None) -> None:
        self._words.setText(words)
        self.setAccessibleName(words)
        self._action = action
        self.button.setText(button)
        self.button.setAccessibleName(button or text.DISMISS)
        self.button.setVisible(bool(button))
        self.show()
        self.raise_()
        self._place()
        self._timer.start()

    @property
    def words(self) -> str:
        return self._words.text()

    def eventFilter(self, watched, event) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def enterEvent(self, event) -> None:
        self._timer.stop()

    def leaveEvent(self, event) -> None:
        self._timer.start()

    def _act(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()

    def _place(self) -> None:
        self.adjustSize()
        parent = self.parentWidget()
        x = (parent.width() - self.width()) // 2
        self.move(max(8, x), parent.height() - self.height() - ABOVE_BOTTOM_PX)

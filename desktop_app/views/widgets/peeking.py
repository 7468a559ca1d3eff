"""Space held down shows photos untouched."""

from __future__ import annotations

from PySide6.QtCore import Qt


class PeekOnSpace:
    """Before a widget's Qt class among its bases; the widget has ``set_peeking(bool)``."""

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.set_peeking(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.set_peeking(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event) -> None:
        self.set_peeking(False)
        super().focusOutEvent(event)

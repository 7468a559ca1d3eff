"""A dialog that stays open while the work it has started runs."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QWidget


class WorkDialog(QDialog):
    """Esc stops the work that runs, or closes; closing stops it too.

    Signals:
        stopped(): the work is to stop. closed(): the dialog has been closed.
    """

    stopped = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._running = False

    def reject(self) -> None:
        """Esc."""
        if self._running:
            self.stopped.emit()
        else:
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._running:
            self.stopped.emit()
        super().closeEvent(event)
        self.closed.emit()

"""The hint that covers the window while a folder is dragged over it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from desktop_app.text import window_text
from desktop_app.views.widgets.basic_widgets import label


class DropHint(QFrame):
    """Covers the window while a folder is dragged over it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("dropHint")
        column = QVBoxLayout(self)
        words = label(window_text.DROP_HINT, "display")
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(words)
        self.hide()

    def cover(self) -> None:
        """Show the hint over the whole window."""
        parent = self.parentWidget()
        assert parent is not None  # __init__ requires one
        self.setGeometry(parent.rect().adjusted(24, 24, -24, -24))
        self.show()
        self.raise_()

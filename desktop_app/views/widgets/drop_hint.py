"""The hint that covers the window while folders or files are dragged over it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from desktop_app.views.widgets.basic_widgets import label


class DropHint(QFrame):
    """Covers the window while folders or files are dragged over it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("dropHint")
        column = QVBoxLayout(self)
        self._words = label(role="display", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._words)
        self.hide()

    def cover(self, words: str) -> None:
        """Show what a drop does, over the whole window."""
        self._words.setText(words)
        parent = self.parentWidget()
        assert parent is not None  # __init__ requires one
        self.setGeometry(parent.rect().adjusted(24, 24, -24, -24))
        self.show()
        self.raise_()

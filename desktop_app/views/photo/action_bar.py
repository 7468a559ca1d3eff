"""The buttons that float beside the selected regions of the large photo."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QPushButton, QWidget

from desktop_app.text import photo_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.photo.photo_canvas import PhotoCanvas
from desktop_app.views.widgets.basic_widgets import push_button


class ActionBar(QFrame):
    """Buttons that float beside the selected regions.

    Attributes:
        fine_edges: whether cut-outs get fine edges.

    Signals:
        find_similar(), save(), copy(): a button was pressed.
    """

    find_similar = Signal()
    save = Signal()
    copy = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("actionBar")
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        row.setSpacing(2)
        self._buttons: list[tuple[QPushButton, str]] = []
        for words, icon, signal, keys, name in (
            (
                photo_text.FIND_SIMILAR,
                "alike",
                self.find_similar,
                "Ctrl+D",
                photo_text.FIND_SIMILAR,
            ),
            (photo_text.SAVE_CUTOUT, "scissors", self.save, "Ctrl+E", photo_text.SAVE_CUTOUT),
            (photo_text.COPY_CUTOUT, "copy", self.copy, "Ctrl+C", photo_text.COPY_CUTOUT_NAME),
        ):
            button = push_button(words, theme=theme, icon=icon)
            button.setAccessibleName(name)
            button.setToolTip(f"{name} ({keys})")
            button.clicked.connect(signal)
            row.addWidget(button)
            self._buttons.append((button, words))
        self.fine_edges = QCheckBox(photo_text.FINE_EDGES)
        self.fine_edges.setAccessibleName(photo_text.FINE_EDGES_NAME)
        self.fine_edges.setToolTip(f"{photo_text.FINE_EDGES_NAME} (E)")
        row.addWidget(self.fine_edges)
        self._full_width = self.sizeHint().width()
        self.hide()

    def _set_wordless(self, wordless: bool) -> None:
        """Show icons only, where there is no room for labels."""
        for button, words in self._buttons:
            button.setText("" if wordless else words)

    def place(self, canvas: PhotoCanvas) -> None:
        """Move below the selection, or above it where there is no room, inside the canvas.

        Hides without a selection.
        """
        rect = canvas.selection_rect()
        if rect.isEmpty() or canvas.overlays_hidden:
            self.hide()
            return
        gap = 10
        self._set_wordless(self._full_width > canvas.width() - 2 * gap)
        self.adjustSize()
        x = rect.center().x() - self.width() / 2
        y = rect.bottom() + gap
        if y + self.height() > canvas.height() - gap:
            y = rect.top() - gap - self.height()
        if y < gap:
            y = min(rect.bottom(), canvas.height()) - gap - self.height()
        x = max(gap, min(x, canvas.width() - self.width() - gap))
        y = max(gap, min(y, canvas.height() - self.height() - gap))
        self.move(QPoint(round(x), round(y)))
        self.show()
        self.raise_()

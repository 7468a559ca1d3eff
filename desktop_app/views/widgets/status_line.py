"""The line at the bottom of the window: progress of indexing, time left, pause button."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from desktop_app.text import library_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import ElidedLabel, icon_button, push_button
from engine.records import IndexingState, LibraryStatus

HEIGHT_PX = 40


class StatusLine(QWidget):
    """Shows the status of the library.

    Signals:
        pause_toggled(): the pause button was pressed.
        shortcuts_requested(): the button of the list of shortcuts was pressed.
    """

    pause_toggled = Signal()
    shortcuts_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("statusLine")
        self.setFixedHeight(HEIGHT_PX)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(12)
        self._words = ElidedLabel(role="secondary")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(140, 4)
        self._bar.hide()
        self.pause_button = push_button(library_text.PAUSE, role="link", theme=theme, icon="pause")
        self.pause_button.setIconSize(QSize(14, 14))
        self.pause_button.clicked.connect(self.pause_toggled)
        self.pause_button.hide()
        keys = icon_button(theme, "keyboard", library_text.SHORTCUTS_HINT)
        keys.clicked.connect(self.shortcuts_requested)
        row.addWidget(self._words, 1)
        row.addWidget(self._bar)
        row.addWidget(self.pause_button)
        row.addWidget(keys)

    @property
    def message(self) -> str:
        """The full text, before eliding."""
        return self._words.full_text()

    def show_status(self, status: LibraryStatus) -> None:
        """Show a new status."""
        self._words.set_full_text(library_text.status_line(status))
        making_searchable = status.pending > 0
        left = status.pending if making_searchable else status.full.waiting
        if not left and status.change is not None:
            left = status.change.full.waiting
        working = left > 0
        paused = status.indexing is IndexingState.PAUSED
        self._bar.setVisible(working)
        self._bar.setRange(0, max(1, status.photos))
        self._bar.setValue(status.photos - left)
        self._bar.setAccessibleName(library_text.status_line(status))
        self.pause_button.setVisible(working or paused)
        self.pause_button.setText(library_text.RESUME if paused else library_text.PAUSE)
        self.pause_button.setIcon(self._theme.icon("play" if paused else "pause"))
        self.pause_button.setAccessibleName(
            library_text.RESUME_NAME if paused else library_text.PAUSE_NAME
        )
        self.pause_button.setToolTip(f"{self.pause_button.accessibleName()} (P)")

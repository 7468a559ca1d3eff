"""A line of words over a progress bar, with a button that cancels."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop_app.views.widgets.basic_widgets import ElidedLabel, push_button

STEPS = 1000


class ProgressRow(QWidget):
    """Progress of a job.

    Args:
        name: what goes on, for screen readers.

    Signals:
        cancelled(): the button was pressed.
    """

    cancelled = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        column = QVBoxLayout()
        column.setSpacing(6)
        self._words = ElidedLabel(role="secondary")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(name)
        column.addWidget(self._words)
        column.addWidget(self._bar)
        row.addLayout(column, 1)
        self.cancel_button = push_button("", role="link")
        self.cancel_button.setAccessibleName(name)
        self.cancel_button.clicked.connect(self.cancelled)
        row.addWidget(self.cancel_button, 0, Qt.AlignmentFlag.AlignBottom)

    def show_progress(self, words: str, share: float | None, cancel: str) -> None:
        """Show how far it is.

        Args:
            share: 0..1; None if it is not known.
            cancel: label of the button; empty for no button.
        """
        self._words.set_full_text(words)
        self._bar.setRange(0, STEPS if share is not None else 0)
        if share is not None:
            self._bar.setValue(round(share * STEPS))
        self.cancel_button.setText(cancel)
        self.cancel_button.setAccessibleName(f"{cancel}: {self._name}")
        self.cancel_button.setVisible(bool(cancel))

    @property
    def words(self) -> str:
        """The words on show."""
        return self._words.full_text()

"""The dialog for a folder that is at another place now: which place, progress, outcome."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.text import folder_text, formatting
from desktop_app.views.widgets.basic_widgets import ElidedLabel, label, push_button
from desktop_app.views.widgets.progress_row import ProgressRow
from desktop_app.views.work_dialog import WorkDialog
from engine.records import Folder

WIDTH_PX = 520


class RelocateDialog(WorkDialog):
    """Asks for the new place; whoever opens it compares the photos there.

    Attributes:
        folder: the folder as it is watched now.
        place: the new place; None until one is chosen.

    Signals:
        folder_requested(), started(): a button was pressed.
    """

    folder_requested = Signal()
    started = Signal()

    def __init__(self, folder: Folder, parent: QWidget) -> None:
        super().__init__(parent)
        self.folder = folder
        self.place: Path | None = None
        title = folder_text.RELOCATE_TITLE.format(name=formatting.file_name(folder.path))
        self.setWindowTitle(title)
        self.setFixedWidth(WIDTH_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(6)
        column.addWidget(label(title, "display", wrap=True))
        column.addWidget(label(folder_text.RELOCATE_BODY, "secondary", wrap=True))
        column.addSpacing(6)
        column.addWidget(label(folder_text.BEFORE, "heading"))
        before = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        before.set_full_text(formatting.whole_path(folder.path))
        column.addWidget(before)
        column.addWidget(label(folder_text.NOW, "heading"))
        row = QHBoxLayout()
        self._place_label = ElidedLabel(folder_text.NOT_CHOSEN, mode=Qt.TextElideMode.ElideMiddle)
        self.choose_button = push_button(folder_text.CHOOSE)
        self.choose_button.setAccessibleName(folder_text.CHOOSE_NAME)
        self.choose_button.clicked.connect(self.folder_requested)
        row.addWidget(self._place_label, 1)
        row.addWidget(self.choose_button)
        column.addLayout(row)
        self.progress = ProgressRow(title)
        self.progress.cancelled.connect(self.stopped)
        self._outcome = label(wrap=True)
        self._problem = label(role="danger", wrap=True)
        for widget in (self.progress, self._outcome, self._problem):
            widget.hide()
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(self._build_buttons())

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 10, 0, 0)
        self.close_button = push_button(folder_text.CLOSE)
        self.close_button.clicked.connect(self.close)
        self.start_button = push_button(folder_text.RELOCATE_START, role="primary")
        self.start_button.setDefault(True)
        self.start_button.setEnabled(False)
        self.start_button.clicked.connect(self.started)
        row.addStretch(1)
        row.addWidget(self.close_button)
        row.addWidget(self.start_button)
        return row

    def set_place(self, place: Path) -> None:
        """Set the new place."""
        self.place = place
        self._place_label.set_full_text(formatting.whole_path(place))
        self._say("", "")
        self.start_button.setEnabled(True)
        self.start_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_running(self, words: str, share: float | None) -> None:
        """Photos are compared, or that waits for something else.

        Args:
            share: 0..1; None if it is not known.
        """
        self._running = True
        self._say("", "")
        self.choose_button.setEnabled(False)
        self.start_button.setEnabled(False)
        self.progress.show_progress(words, share, folder_text.STOP)
        self.progress.show()
        self.adjustSize()

    def show_moved(self, words: str) -> None:
        """The library goes by the new place; there is nothing left to choose."""
        self._end(words, "")
        self.choose_button.setEnabled(False)
        self.start_button.hide()

    def show_unmoved(self, words: str, problem: str = "") -> None:
        """Nothing was changed; another place may be chosen."""
        self._end(words, problem)
        self.choose_button.setEnabled(True)
        self.start_button.setEnabled(self.place is not None)

    @property
    def outcome(self) -> str:
        """What came of it; empty before the end."""
        return self._outcome.text()

    @property
    def problem(self) -> str:
        """Why the place was refused; empty if it was not."""
        return self._problem.text()

    def _end(self, words: str, problem: str) -> None:
        self._running = False
        self.progress.hide()
        self._say(words, problem)
        self.close_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say(self, words: str, problem: str) -> None:
        for widget, text in ((self._outcome, words), (self._problem, problem)):
            widget.setText(text)
            widget.setVisible(bool(text))
        self.adjustSize()  # a layout with wrapped words does not do it by itself

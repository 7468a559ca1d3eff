"""The question whether the photos that a folder lacks are gone, or its drive is away."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from desktop_app.text import folder_text, library_text
from desktop_app.views.widgets.basic_widgets import label, push_button
from engine.records import Folder


class LackingBar(QFrame):
    """Asks about one folder at a time, until it is answered or the photos are back.

    Signals:
        gone(Folder): its photos are really gone.
        relocate(Folder): it is at another place now.
    """

    gone = Signal(object)
    relocate = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("band")
        self._folder: Folder | None = None
        self._waiting_for: set[int] = set()
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 8, 8)
        column.setSpacing(6)
        self._words = label(wrap=True)
        column.addWidget(self._words)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addStretch(1)
        column.addLayout(row)
        self.wait_button = push_button(library_text.WAIT_FOR_DRIVE, role="primary")
        self.wait_button.clicked.connect(self._wait)
        row.addWidget(self.wait_button)
        self.relocate_button = push_button(folder_text.RELOCATE, role="link")
        self.relocate_button.clicked.connect(self._relocate)
        row.addWidget(self.relocate_button)
        self.gone_button = push_button(library_text.REALLY_GONE, role="link")
        self.gone_button.clicked.connect(self._gone)
        row.addWidget(self.gone_button)
        self.hide()

    def show_folders(self, folders: Sequence[Folder]) -> None:
        """Ask about the first folder that lacks photos and was not answered."""
        lacking = [folder for folder in folders if folder.lacking]
        # A folder that was whole again in between is asked about anew.
        self._waiting_for &= {folder.id for folder in lacking}
        open_questions = [folder for folder in lacking if folder.id not in self._waiting_for]
        self._folder = open_questions[0] if open_questions else None
        if self._folder is not None:
            self._words.setText(library_text.lacking_question(self._folder))
        self.setVisible(self._folder is not None)

    @property
    def message(self) -> str:
        """The question; empty if nothing is asked."""
        return self._words.text() if self._folder is not None else ""

    def _wait(self) -> None:
        self._answer()

    def _relocate(self) -> None:
        if self._folder is not None:  # still unanswered until the new place counts
            self.relocate.emit(self._folder)

    def _gone(self) -> None:
        folder = self._answer()
        if folder is not None:
            self.gone.emit(folder)

    def _answer(self) -> Folder | None:
        folder, self._folder = self._folder, None
        if folder is not None:
            self._waiting_for.add(folder.id)
        self.hide()
        return folder

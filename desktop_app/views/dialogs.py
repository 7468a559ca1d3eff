"""Every question and message that stands in front of the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from desktop_app import text
from desktop_app.views.widgets.basic_widgets import label, push_button
from engine.errors import EngineError
from engine.records import Folder


class Dialogs:
    """What the window asks of people. Tests put an object with the same methods in its place."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent
        self._mistake_open = False

    def choose_folder(self) -> Path | None:
        chosen = QFileDialog.getExistingDirectory(self._parent, text.CHOOSE_FOLDER)
        return Path(chosen) if chosen else None

    def choose_save_path(self, proposed: Path) -> Path | None:
        chosen, _ = QFileDialog.getSaveFileName(
            self._parent, text.SAVE_TITLE, str(proposed), text.PNG_FILES
        )
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix.lower() == ".png" else path.with_name(path.name + ".png")

    def confirm_remove(self, folder: Folder) -> bool:
        """True if the folder may be forgotten."""
        name = folder.path.name or str(folder.path)
        box = _box(self._parent, text.REMOVE_TITLE.format(name=name))
        box.setInformativeText(text.REMOVE_BODY.format(count=text.photos(folder.photos)))
        keep = box.addButton(text.CANCEL, QMessageBox.ButtonRole.RejectRole)
        remove = box.addButton(text.REMOVE_YES, QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(keep)
        keep.setFocus()
        box.exec()
        return box.clickedButton() is remove

    def tell_problem(self, error: EngineError) -> None:
        box = _box(self._parent, error.message)
        details = [str(error.path)] if error.path is not None else []
        if error.hint:
            details.insert(0, error.hint)
        box.setInformativeText("\n\n".join(details))
        box.addButton(text.CLOSE, QMessageBox.ButtonRole.AcceptRole)
        box.exec()

    def tell_mistake(self) -> None:
        """Ours, not theirs. One dialog at a time, however many mistakes there are."""
        if self._mistake_open:
            return
        self._mistake_open = True
        box = _box(self._parent, text.SOMETHING_WRONG)
        box.setInformativeText(text.SOMETHING_WRONG_BODY)
        box.addButton(text.CLOSE, QMessageBox.ButtonRole.AcceptRole)
        box.exec()
        self._mistake_open = False

    def cannot_open(self, error: EngineError) -> bool:
        """True to try again, False to quit."""
        box = _box(self._parent, text.CANNOT_OPEN)
        lines = [error.message, error.hint or "", str(error.path) if error.path else ""]
        box.setInformativeText("\n\n".join(line for line in lines if line))
        leave = box.addButton(text.QUIT, QMessageBox.ButtonRole.RejectRole)
        again = box.addButton(text.TRY_AGAIN, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(again)
        box.setEscapeButton(leave)
        box.exec()
        return box.clickedButton() is again

    def show_shortcuts(self) -> None:
        ShortcutsDialog(self._parent).exec()


class ShortcutsDialog(QDialog):
    """All keys in two columns."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(text.SHORTCUTS_TITLE)
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 24, 28, 20)
        column.setSpacing(16)
        column.addWidget(label(text.SHORTCUTS_TITLE, "display"))
        halves = QHBoxLayout()
        halves.setSpacing(48)
        for groups in (text.SHORTCUTS[:2], text.SHORTCUTS[2:]):
            half = QVBoxLayout()
            half.setSpacing(16)
            for heading, keys in groups:
                group = QVBoxLayout()
                group.setSpacing(6)
                group.addWidget(label(heading, "heading"))
                group.addLayout(self._keys(keys))
                half.addLayout(group)
            half.addStretch(1)
            halves.addLayout(half)
        column.addLayout(halves)
        row = QHBoxLayout()
        row.addStretch(1)
        close = push_button(text.CLOSE, role="primary")
        close.clicked.connect(self.accept)
        row.addWidget(close)
        column.addLayout(row)

    @staticmethod
    def _keys(keys) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, 130)
        grid.setColumnStretch(1, 1)
        for row, (combination, meaning) in enumerate(keys):
            grid.addWidget(label(combination), row, 0)
            grid.addWidget(label(meaning, "secondary"), row, 1)
        return grid


def _box(parent: QWidget, headline: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setWindowTitle(text.APP_NAME)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(headline)
    return box


class DropHint(QFrame):
    """Covers the window while a folder is held over it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("dropHint")
        column = QVBoxLayout(self)
        words = label(text.DROP_HINT, "display")
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(words)
        self.hide()

    def cover(self) -> None:
        self.setGeometry(self.parentWidget().rect().adjusted(24, 24, -24, -24))
        self.show()
        self.raise_()

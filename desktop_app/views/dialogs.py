"""The modal dialogs of the window."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from desktop_app.text import (
    command_text,
    correction_text,
    formatting,
    library_text,
    models_text,
    photo_text,
    window_text,
)
from desktop_app.views.widgets.basic_widgets import label, push_button
from engine.errors import EngineError
from engine.records import Backup, Folder, RestoreReport


class RestoreChoice(Enum):
    """What to do with a damaged library."""

    RESTORE = auto()
    TRY_AGAIN = auto()
    QUIT = auto()


class Dialogs:
    """Modal dialogs. Tests replace the object by one with the same methods."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent
        self._internal_error_open = False

    def choose_folder(self, title: str = library_text.CHOOSE_FOLDER) -> Path | None:
        """Ask for a folder; None if people cancel."""
        chosen = QFileDialog.getExistingDirectory(self._parent, title)
        return Path(chosen) if chosen else None

    def choose_model_files(self) -> list[Path]:
        """Ask for the files of a model; none if people cancel."""
        chosen, _ = QFileDialog.getOpenFileNames(
            self._parent, models_text.IMPORT_TITLE, "", models_text.MODEL_FILES
        )
        return [Path(path) for path in chosen]

    def choose_save_path(self, proposed: Path) -> Path | None:
        """Ask where to save a PNG file; None if people cancel."""
        chosen, _ = QFileDialog.getSaveFileName(
            self._parent, photo_text.SAVE_TITLE, str(proposed), photo_text.PNG_FILES
        )
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix.lower() == ".png" else path.with_name(path.name + ".png")

    def ask_name(self, present: str) -> str | None:
        """Ask what a thing is called; empty for no name, None if people cancel."""
        name, accepted = QInputDialog.getText(
            self._parent,
            correction_text.NAME_TITLE,
            correction_text.NAME_FIELD,
            QLineEdit.EchoMode.Normal,
            present,
        )
        return name.strip() if accepted else None

    def confirm_remove(self, folder: Folder) -> bool:
        """Ask whether the folder is to be removed from the library."""
        name = formatting.file_name(folder.path)
        box = _box(self._parent, library_text.REMOVE_TITLE.format(name=name))
        box.setInformativeText(
            library_text.REMOVE_BODY.format(count=formatting.photos(folder.photos))
        )
        cancel = box.addButton(library_text.CANCEL, QMessageBox.ButtonRole.RejectRole)
        remove = box.addButton(library_text.REMOVE_YES, QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(cancel)
        cancel.setFocus()
        box.exec()
        return box.clickedButton() is remove

    def show_problem(self, error: EngineError) -> None:
        """Show message, hint and path of an error."""
        box = _box(self._parent, error.message)
        details = [formatting.whole_path(error.path)] if error.path is not None else []
        if error.hint:
            details.insert(0, error.hint)
        box.setInformativeText("\n\n".join(details))
        box.addButton(window_text.CLOSE, QMessageBox.ButtonRole.AcceptRole)
        box.exec()

    def show_internal_error(self) -> None:
        """Report a bug in general terms. At most one such dialog is open at a time."""
        if self._internal_error_open:
            return
        self._internal_error_open = True
        box = _box(self._parent, window_text.SOMETHING_WRONG)
        box.setInformativeText(window_text.SOMETHING_WRONG_BODY)
        box.addButton(window_text.CLOSE, QMessageBox.ButtonRole.AcceptRole)
        box.exec()
        self._internal_error_open = False

    def cannot_open(self, error: EngineError) -> bool:
        """Report that the library cannot be opened; True to try again, False to quit."""
        box = _box(self._parent, window_text.CANNOT_OPEN)
        lines = [
            error.message,
            error.hint or "",
            formatting.whole_path(error.path) if error.path else "",
        ]
        box.setInformativeText("\n\n".join(line for line in lines if line))
        quit_button = box.addButton(window_text.QUIT, QMessageBox.ButtonRole.RejectRole)
        retry = box.addButton(window_text.TRY_AGAIN, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(retry)
        box.setEscapeButton(quit_button)
        box.exec()
        return box.clickedButton() is retry

    def offer_restore(self, error: EngineError, backup: Backup | None) -> RestoreChoice:
        """Report that the library is damaged, and offer to put its newest backup back; without
        one, to save what can be read."""
        box = _box(self._parent, window_text.DAMAGED)
        lines = [error.message, window_text.restore_offer(backup)]
        box.setInformativeText("\n\n".join(lines))
        quit_button = box.addButton(window_text.QUIT, QMessageBox.ButtonRole.RejectRole)
        retry = box.addButton(window_text.TRY_AGAIN, QMessageBox.ButtonRole.ActionRole)
        text = window_text.SALVAGE if backup is None else window_text.RESTORE
        restore = box.addButton(text, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(restore)
        box.setEscapeButton(quit_button)
        box.exec()
        choices = {restore: RestoreChoice.RESTORE, retry: RestoreChoice.TRY_AGAIN}
        return next((c for b, c in choices.items() if b is box.clickedButton()), RestoreChoice.QUIT)

    def show_restored(self, report: RestoreReport) -> None:
        """Say what the restored library holds."""
        box = _box(self._parent, window_text.RESTORED)
        box.setInformativeText(window_text.restored(report))
        box.addButton(window_text.CLOSE, QMessageBox.ButtonRole.AcceptRole)
        box.exec()

    def show_shortcuts(self) -> None:
        """Show the list of shortcuts."""
        ShortcutsDialog(self._parent).exec()


class ShortcutsDialog(QDialog):
    """The list of all shortcuts in two columns."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(window_text.SHORTCUTS_TITLE)
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 24, 28, 20)
        column.setSpacing(16)
        column.addWidget(label(window_text.SHORTCUTS_TITLE, "display"))
        halves = QHBoxLayout()
        halves.setSpacing(48)
        for groups in (command_text.GROUPS[:2], command_text.GROUPS[2:]):
            half = QVBoxLayout()
            half.setSpacing(16)
            for heading in groups:
                keys = command_text.shortcuts(heading)
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
        close = push_button(window_text.CLOSE, role="primary")
        close.clicked.connect(self.accept)
        row.addWidget(close)
        column.addLayout(row)

    @staticmethod
    def _keys(keys: Sequence[tuple[str, str]]) -> QGridLayout:
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
    box.setWindowTitle(window_text.APP_NAME)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(headline)
    return box

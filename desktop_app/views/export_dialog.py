"""The dialog that exports photos: what, where, names with a preview, progress, outcome."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from desktop_app.text import export_text, formatting
from desktop_app.views.widgets.basic_widgets import ElidedLabel, label, push_button
from desktop_app.views.widgets.progress_row import ProgressRow
from desktop_app.views.work_dialog import WorkDialog
from engine.export.names import FIELDS
from engine.records import ExistingFiles, ExportKind, ExportPreview

WIDTH_PX = 560
NAMES_SHOWN = 5


class ExportDialog(WorkDialog):
    """Asks how to export; whoever opens it previews and exports.

    Attributes:
        folder: where to export; None until one is chosen.

    Signals:
        choices_changed(): another kind, folder, pattern or treatment of existing files.
        folder_requested(), started(), show_requested(): a button was pressed.
    """

    choices_changed = Signal()
    folder_requested = Signal()
    started = Signal()
    show_requested = Signal()

    def __init__(self, count: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self._names_valid = False
        title = export_text.TITLE.format(photos=formatting.photos(count))
        self.setWindowTitle(title)
        self.setFixedWidth(WIDTH_PX)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 20, 24, 18)
        self._column.setSpacing(6)
        self._column.addWidget(label(title, "display"))
        self._choices = QWidget()
        choices = QVBoxLayout(self._choices)
        choices.setContentsMargins(0, 0, 0, 0)
        choices.setSpacing(6)
        self._column.addWidget(self._choices)
        self._build_kinds(choices)
        self._build_folder(choices)
        self._build_names(choices)
        self._preview = label(role="secondary")
        self._existing_note = label(role="secondary", wrap=True)
        self._problem = label(role="danger", wrap=True)
        self._outcome = label(wrap=True)
        self.progress = ProgressRow(title)
        self.progress.cancelled.connect(self.stopped)
        for widget in (
            self._preview,
            self._existing_note,
            self._problem,
            self.progress,
            self._outcome,
        ):
            self._column.addWidget(widget)
        self._column.addStretch(1)
        self._build_buttons()
        for hidden in (self.progress, self._outcome, self._problem, self.show_button):
            hidden.hide()
        self._set_valid(False)

    # -- building --------------------------------------------------------------------------

    def _build_kinds(self, column: QVBoxLayout) -> None:
        column.addWidget(label(export_text.WHAT, "heading"))
        self.kinds: dict[ExportKind, QCheckBox] = {}
        for kind, words in export_text.KINDS.items():
            box = self.kinds[kind] = QCheckBox(words)
            box.setAccessibleName(words)
            box.toggled.connect(self.choices_changed)
            column.addWidget(box)

    def _build_folder(self, column: QVBoxLayout) -> None:
        column.addSpacing(6)
        column.addWidget(label(export_text.WHERE, "heading"))
        row = QHBoxLayout()
        self._folder_label = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.choose_button = push_button(export_text.CHOOSE)
        self.choose_button.setAccessibleName(export_text.CHOOSE_NAME)
        self.choose_button.clicked.connect(self.folder_requested)
        row.addWidget(self._folder_label, 1)
        row.addWidget(self.choose_button)
        column.addLayout(row)

    def _build_names(self, column: QVBoxLayout) -> None:
        column.addSpacing(6)
        column.addWidget(label(export_text.NAMES, "heading"))
        self.pattern = QLineEdit()
        self.pattern.setAccessibleName(export_text.NAMES_NAME)
        self.pattern.textChanged.connect(self.choices_changed)
        column.addWidget(self.pattern)
        parts = ", ".join(f"{{{name}}}" for name in FIELDS)
        hint = label(export_text.PARTS.format(parts=parts), "small", wrap=True)
        hint.setToolTip("\n".join(f"{{{name}}}: {words}" for name, words in FIELDS.items()))
        column.addWidget(hint)
        row = QHBoxLayout()
        row.addWidget(label(export_text.EXISTING))
        self.existing = QComboBox()
        self.existing.setAccessibleName(export_text.EXISTING)
        for choice, words in export_text.EXISTING_CHOICES.items():
            self.existing.addItem(words, choice)
        self.existing.currentIndexChanged.connect(self.choices_changed)
        row.addWidget(self.existing, 1)
        column.addLayout(row)
        column.addSpacing(6)
        column.addWidget(label(export_text.PREVIEW, "heading"))

    def _build_buttons(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 10, 0, 0)
        self.show_button = push_button(export_text.SHOW)
        self.show_button.clicked.connect(self.show_requested)
        self.close_button = push_button(export_text.CLOSE)
        self.close_button.clicked.connect(self.close)
        self.start_button = push_button(export_text.START, role="primary")
        self.start_button.setDefault(True)
        self.start_button.clicked.connect(self.started)
        row.addWidget(self.show_button)
        row.addStretch(1)
        row.addWidget(self.close_button)
        row.addWidget(self.start_button)
        self._column.addLayout(row)

    # -- choices ---------------------------------------------------------------------------

    def set_choices(
        self, kinds: Sequence[ExportKind], folder: Path, pattern: str, existing: ExistingFiles
    ) -> None:
        """Set all choices; ``choices_changed`` follows once."""
        self.blockSignals(True)
        for kind, box in self.kinds.items():
            box.setChecked(kind in kinds)
        self.set_folder(folder)
        self.pattern.setText(pattern)
        self.existing.setCurrentIndex(self.existing.findData(existing))
        self.blockSignals(False)
        self.choices_changed.emit()

    def set_folder(self, folder: Path) -> None:
        """Set the folder."""
        self.folder = folder
        self._folder_label.set_full_text(str(folder))
        self.choices_changed.emit()

    def chosen_kinds(self) -> list[ExportKind]:
        """What is to be exported."""
        return [kind for kind, box in self.kinds.items() if box.isChecked()]

    def chosen_existing(self) -> ExistingFiles:
        """What happens to files that are there."""
        return ExistingFiles(self.existing.currentData())

    # -- preview, progress, outcome --------------------------------------------------------

    def show_preview(self, previews: Sequence[ExportPreview]) -> None:
        """Show the first names, and how many files are there already."""
        names = [name for preview in previews for name in preview.names]
        # Of each kind the first ones, so that every kind can be seen.
        each = max(1, NAMES_SHOWN // max(1, len(previews)))
        shown = [name for preview in previews for name in preview.names[:each]]
        lines = list(shown)
        if len(names) > len(shown):
            count = formatting.number(len(names) - len(shown))
            lines.append(export_text.MORE.format(count=count))
        self._preview.setText("\n".join(lines))
        total = ExportPreview(tuple(names), sum(preview.existing for preview in previews))
        self._existing_note.setText(export_text.existing(total, self.chosen_existing()))
        self._show_problem("" if previews else export_text.NO_KIND)
        self._set_valid(bool(previews))

    def show_problem(self, words: str) -> None:
        """Say why nothing can be exported like this."""
        self._preview.setText("")
        self._existing_note.setText("")
        self._show_problem(words)
        self._set_valid(False)

    @property
    def preview(self) -> str:
        """The names on show."""
        return self._preview.text()

    @property
    def existing_note(self) -> str:
        """What is said of files that are there."""
        return self._existing_note.text()

    @property
    def problem(self) -> str:
        """Why nothing can be exported like this; empty if it can."""
        return self._problem.text()

    @property
    def outcome(self) -> str:
        """What an export has done; empty before one."""
        return self._outcome.text()

    def show_running(self) -> None:
        """An export has begun."""
        self._running = True
        self._choices.setEnabled(False)
        self._outcome.hide()
        self.progress.show_progress("", None, export_text.STOP)
        self.progress.show()
        self.start_button.setEnabled(False)
        self.progress.cancel_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_ended(self, words: str, *, wrote: bool, problem: str = "") -> None:
        """The export has ended.

        Args:
            words: what it has done.
            wrote: whether there is something to show in the folder.
            problem: why it ended early.
        """
        self._running = False
        self._choices.setEnabled(True)
        self.progress.hide()
        self._outcome.setText(words)
        self._outcome.setVisible(bool(words))
        self._show_problem(problem)
        self.show_button.setVisible(wrote)
        self.start_button.setEnabled(self._names_valid)
        self.close_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_problem(self, words: str) -> None:
        self._problem.setText(words)
        self._problem.setVisible(bool(words))

    def _set_valid(self, valid: bool) -> None:
        self._names_valid = valid
        self.start_button.setEnabled(valid and not self._running)

"""The dialog with the rules for what is left out of a folder."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QFontDatabase
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop_app.text import folder_text, formatting
from desktop_app.views.widgets.basic_widgets import label, push_button
from engine.records import Folder

SIZE_PX = (620, 620)
ROW_PX = 24


class RulesDialog(QDialog):
    """Shows the default rules, and edits those of a folder.

    Args:
        defaults: pattern and reason of each default rule.

    Attributes:
        own: the field with the folder's own rules; disabled until they are read.

    Signals:
        edited(str): the rules have been changed.
        save_requested(str): they are to be saved.
        closed(): the dialog has been closed.
    """

    edited = Signal(str)
    save_requested = Signal(str)
    closed = Signal()

    def __init__(
        self, folder: Folder, defaults: Sequence[tuple[str, str]], parent: QWidget
    ) -> None:
        super().__init__(parent)
        title = folder_text.RULES_TITLE.format(name=formatting.file_name(folder.path))
        self.setWindowTitle(title)
        self.resize(*SIZE_PX)
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(6)
        column.addWidget(label(title, "display", wrap=True))
        column.addSpacing(6)
        column.addWidget(label(folder_text.DEFAULT_RULES, "heading"))
        self.defaults = self._build_defaults(defaults)
        column.addWidget(self.defaults, 3)
        column.addSpacing(6)
        column.addWidget(label(folder_text.OWN_RULES, "heading"))
        column.addWidget(label(folder_text.OWN_RULES_HINT, "secondary", wrap=True))
        self.own = QPlainTextEdit()
        self.own.setAccessibleName(folder_text.OWN_RULES)
        self.own.setPlaceholderText(folder_text.OWN_RULES_EXAMPLE)
        self.own.setFont(fixed)
        self.own.setTabChangesFocus(True)
        self.own.setEnabled(False)
        self.own.textChanged.connect(self._edited)
        column.addWidget(self.own, 2)
        self._count = label(role="secondary", wrap=True)
        self._problem = label(role="danger", wrap=True)
        self._problem.hide()
        column.addWidget(self._count)
        column.addWidget(self._problem)
        column.addLayout(self._build_buttons())

    @staticmethod
    def _build_defaults(rules: Sequence[tuple[str, str]]) -> QTableWidget:
        table = QTableWidget(len(rules), len(folder_text.RULE_COLUMNS))
        table.setAccessibleName(folder_text.DEFAULT_RULES)
        table.setHorizontalHeaderLabels(folder_text.RULE_COLUMNS)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        for row, rule in enumerate(rules):
            for column, words in enumerate(rule):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                table.setItem(row, column, item)
        return table

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 10, 0, 0)
        cancel = push_button(folder_text.CANCEL)
        cancel.clicked.connect(self.close)
        self.save_button = push_button(folder_text.SAVE, role="primary")
        self.save_button.setEnabled(False)
        self.save_button.clicked.connect(self._save)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.save_button)
        return row

    def show_rules(self, rules: str) -> None:
        """Show the folder's own rules, which may be edited then; ``edited`` follows."""
        self.own.setEnabled(True)
        self.own.setPlainText(rules)
        self._edited()
        self.own.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_count(self, words: str) -> None:
        """Say what the rules leave out."""
        self._count.setText(words)

    def show_problem(self, words: str) -> None:
        """Say why the rules cannot be saved like this."""
        self._count.setText("")
        self._problem.setText(words)
        self._problem.show()
        self.save_button.setEnabled(False)

    @property
    def count(self) -> str:
        """What is said of what the rules leave out."""
        return self._count.text()

    @property
    def problem(self) -> str:
        """Why the rules cannot be saved; empty if they can."""
        return self._problem.text()

    def _edited(self) -> None:
        self._problem.setText("")
        self._problem.hide()
        self._count.setText(folder_text.COUNTING)
        self.save_button.setEnabled(True)
        self.edited.emit(self.own.toPlainText())

    def _save(self) -> None:
        self.save_button.setEnabled(False)  # until an answer or another edit
        self.save_requested.emit(self.own.toPlainText())

    def reject(self) -> None:
        """Esc: close without saving."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()

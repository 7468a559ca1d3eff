"""One setting: its name, what it does, a control for its value, and a way back to the default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import Field
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop_app.text import settings_text
from desktop_app.views.widgets.basic_widgets import label, push_button
from engine.settings import title

CONTROL_PX = 190


class SettingRow(QFrame):
    """A row of the settings page, made from the declaration of a setting.

    Signals:
        changed(str name, value): people have chosen another value.
    """

    changed = Signal(str, object)

    def __init__(self, row: Field[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("band")
        self.row = row
        self._value: Any = row.default
        self._special = settings_text.SPECIAL.get(row.name, {})
        self.setAccessibleName(title(row))
        across = QHBoxLayout(self)
        across.setContentsMargins(16, 12, 16, 12)
        across.setSpacing(24)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(label(title(row), "title", wrap=True))
        words.addWidget(label(row.metadata["help"], "secondary", wrap=True))
        words.addWidget(label(settings_text.when(row.name), "small", wrap=True))
        self._problem = label(role="danger", wrap=True)
        self._problem.hide()
        words.addWidget(self._problem)
        words.addStretch(1)
        across.addLayout(words, 1)
        side = QVBoxLayout()
        side.setSpacing(2)
        self.control = self._create_control()
        self.control.setFixedWidth(CONTROL_PX)
        self.control.setAccessibleName(title(row))
        self.control.setAccessibleDescription(row.metadata["help"])
        self.control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.control.installEventFilter(self)
        side.addWidget(self.control)
        self.reset_button = push_button("", role="link")
        self.reset_button.clicked.connect(self._reset)
        side.addWidget(self.reset_button, 0, Qt.AlignmentFlag.AlignRight)
        side.addStretch(1)
        across.addLayout(side)
        self.show_value(row.default)

    def matches(self, words: str) -> bool:
        """Whether its name, heading or description has all these words."""
        meta = self.row.metadata
        text = f"{title(self.row)} {meta['group']} {meta['help']} {self.row.name}".casefold()
        return all(word in text for word in words.casefold().split())

    def set_choices(self, choices: Sequence[tuple[str, Any]]) -> None:
        """Replace the values of a list: words and value of each."""
        if isinstance(self.control, QComboBox):
            self.control.blockSignals(True)
            self.control.clear()
            for words, value in choices:
                self.control.addItem(words, value)
            self.control.blockSignals(False)
            self.show_value(self._value)

    def show_value(self, value: Any) -> None:
        """Show the stored value; nothing is emitted."""
        self._value = value
        control = self.control
        control.blockSignals(True)
        if isinstance(control, QComboBox):
            if control.findData(value) < 0:
                control.addItem(settings_text.value_text(self.row, value), value)
            control.setCurrentIndex(control.findData(value))
        elif isinstance(control, QSpinBox | QDoubleSpinBox):
            control.setValue(value)
        elif isinstance(control, QLineEdit):
            control.setText(value)
        control.blockSignals(False)
        default = settings_text.value_text(self.row, self.row.default)
        self.reset_button.setText(settings_text.RESET.format(value=default))
        name = settings_text.RESET_NAME.format(title=title(self.row), value=default)
        self.reset_button.setAccessibleName(name)
        if value == self.row.default and self.reset_button.hasFocus():
            control.setFocus(Qt.FocusReason.OtherFocusReason)
        self.reset_button.setVisible(value != self.row.default)
        self.show_problem("")

    def show_problem(self, words: str) -> None:
        """Say why a value could not be kept; empty if it could."""
        self._problem.setText(words)
        self._problem.setVisible(bool(words))

    @property
    def problem(self) -> str:
        """Why a value could not be kept; empty if it could."""
        return self._problem.text()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The wheel scrolls the page, and changes only a value that has the focus."""
        if event.type() == QEvent.Type.Wheel and not self.control.hasFocus():
            event.ignore()
            return True
        return False

    def _create_control(self) -> QWidget:
        meta, default = self.row.metadata, self.row.default
        if meta["choices"] or (self._special and isinstance(default, str)):
            box = QComboBox()
            for value in meta["choices"] or [default]:
                box.addItem(settings_text.value_text(self.row, value), value)
            box.currentIndexChanged.connect(self._chosen)
            return box
        if isinstance(default, str):
            line = QLineEdit()
            line.editingFinished.connect(self._edited)
            return line
        spin = QDoubleSpinBox() if isinstance(default, float) else QSpinBox()
        if meta["low"] is not None:
            spin.setRange(meta["low"], meta["high"])
        if isinstance(spin, QDoubleSpinBox):
            spin.setDecimals(2 if meta["low"] is not None and meta["low"] < 1 else 0)
        spin.setSuffix(f" {meta['unit']}" if meta["unit"] else "")
        if meta["low"] in self._special:
            spin.setSpecialValueText(self._special[meta["low"]])
        spin.setKeyboardTracking(False)
        spin.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        spin.valueChanged.connect(self._emit)
        return spin

    def _chosen(self) -> None:
        assert isinstance(self.control, QComboBox)
        self._emit(self.control.currentData())

    def _edited(self) -> None:
        assert isinstance(self.control, QLineEdit)
        self._emit(self.control.text().strip())

    def _emit(self, value: Any) -> None:
        if value != self._value:
            self.changed.emit(self.row.name, value)

    def _reset(self) -> None:
        self._emit(self.row.default)

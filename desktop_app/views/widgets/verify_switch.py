"""Instant or Verified: whether hits get a closer look."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QWidget

from desktop_app import text
from desktop_app.views.widgets.basic_widgets import push_button


class VerifySwitch(QFrame):
    """Two segments, one of them down.

    Signals:
        chosen(bool): somebody pressed the other one; True for Verified.
    """

    chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lookSwitch")
        self.setAccessibleName(text.LOOK_SWITCH)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(2)
        self._group = QButtonGroup(self)
        self._verified = False
        self.instant = self._segment(text.INSTANT, text.INSTANT_NAME, text.INSTANT_HINT)
        self.verified = self._segment(text.VERIFIED, text.VERIFIED_NAME, text.VERIFIED_HINT)
        for button in (self.instant, self.verified):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.instant.setChecked(True)
        self._group.buttonToggled.connect(self._toggled)

    def _segment(self, words: str, name: str, hint: str) -> QPushButton:
        button = push_button(words, role="segment")
        button.setCheckable(True)
        button.setAccessibleName(name)
        button.setToolTip(hint)
        self._group.addButton(button)
        return button

    @property
    def is_verified(self) -> bool:
        return self._verified

    def set_verified(self, verified: bool) -> None:
        """Show a choice; nothing is emitted."""
        self._verified = verified
        (self.verified if verified else self.instant).setChecked(True)

    def describe(self, hint: str) -> None:
        """What Verified would mean here."""
        self.verified.setToolTip(hint)

    def toggle(self) -> None:
        """Choose the other one, as a press would."""
        (self.instant if self._verified else self.verified).setChecked(True)

    def _toggled(self, *_) -> None:
        verified = self.verified.isChecked()
        if verified != self._verified and self._group.checkedButton() is not None:
            self._verified = verified
            self.chosen.emit(verified)

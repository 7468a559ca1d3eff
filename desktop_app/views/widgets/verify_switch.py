"""The switch Instant or Verified: whether hits are reranked."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QWidget

from desktop_app.text import search_text
from desktop_app.views.widgets.basic_widgets import push_button


class VerifySwitch(QFrame):
    """Two buttons, one of which is checked.

    Signals:
        chosen(bool): the switch was moved by people; True for Verified.
    """

    chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lookSwitch")
        self.setAccessibleName(search_text.VERIFY_SWITCH)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(2)
        self._group = QButtonGroup(self)
        self._verified = False
        self.instant = self._segment(
            search_text.INSTANT, search_text.INSTANT_NAME, search_text.INSTANT_HINT
        )
        self.verified = self._segment(
            search_text.VERIFIED, search_text.VERIFIED_NAME, search_text.VERIFIED_HINT
        )
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
        """Whether the switch is at Verified."""
        return self._verified

    def set_verified(self, verified: bool) -> None:
        """Move the switch; nothing is emitted."""
        self._verified = verified
        (self.verified if verified else self.instant).setChecked(True)

    def set_verified_hint(self, hint: str) -> None:
        """Set the tool tip of Verified."""
        self.verified.setToolTip(hint)

    def toggle(self) -> None:
        """Move the switch as a press of the other button does."""
        (self.instant if self._verified else self.verified).setChecked(True)

    def _toggled(self, *_: object) -> None:
        verified = self.verified.isChecked()
        if verified != self._verified and self._group.checkedButton() is not None:
            self._verified = verified
            self.chosen.emit(verified)

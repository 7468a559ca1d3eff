"""A mixin for widgets that hide outlines and badges while Space is held down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget as _Base
else:
    _Base = object


class HideOverlaysOnSpace(_Base):
    """Calls ``set_overlays_hidden`` when Space goes down or up, and when the focus is lost.

    It comes before the Qt class among a widget's bases.
    """

    def set_overlays_hidden(self, hidden: bool) -> None:
        """Show the photo without outlines and badges while ``hidden``; the widget overrides it."""
        raise NotImplementedError

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.set_overlays_hidden(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.set_overlays_hidden(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.set_overlays_hidden(False)
        super().focusOutEvent(event)

"""The chips below the search field: what the text of a query was understood as."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from desktop_app.item_models.query_parts import PartKind, QueryPart
from desktop_app.text import search_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import ElidedLabel, IconLabel, icon_button
from desktop_app.views.widgets.flow_layout import FlowLayout

MOST_CHIP_PX = 320
"""A longer text is elided; the tool tip has all of it."""
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -999, Qt.Key.Key_End: 999}
"""How many chips further a key goes; it ends at the first and the last one."""


class QueryChip(QFrame):
    """One part of a query with a button that takes it out.

    Signals:
        chosen(): it was clicked, or Enter, F2 or Space pressed on it.
        removed(): its button was clicked, or Delete or Backspace pressed on it.
        left(int): an arrow key, Home or End goes to another chip: so many places further.
    """

    chosen = Signal()
    removed = Signal()
    left = Signal(int)

    def __init__(self, theme: Theme, part: QueryPart) -> None:
        super().__init__()
        self.part = part
        self.setObjectName("queryChip")
        look = "excluded" if part.excluded else part.kind.value
        self.setProperty("look", look)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 2, 2)
        row.setSpacing(6)
        if part.excluded:
            row.addWidget(IconLabel(theme, "minus", 14, "text"))
        self._words = ElidedLabel(part.text, role="muted" if part.kind is PartKind.PLAIN else "")
        self._words.ensurePolished()
        text_px = self._words.fontMetrics().horizontalAdvance(part.text) + 2
        self._words.setFixedWidth(min(text_px, MOST_CHIP_PX))
        row.addWidget(self._words)
        self.remove_button: QToolButton = icon_button(
            theme, "close", search_text.REMOVE_PART.format(part=part.text)
        )
        self.remove_button.setIconSize(QSize(12, 12))
        self.remove_button.setFixedSize(24, 24)
        self.remove_button.setCursor(Qt.CursorShape.ArrowCursor)
        self.remove_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Delete does it from the chip
        self.remove_button.clicked.connect(self.removed)
        row.addWidget(self.remove_button)
        meaning = search_text.PART_KINDS[part.kind]
        if part.excluded:
            meaning = f"{meaning}. {search_text.PART_EXCLUDED}"
        self.setAccessibleName(part.text)
        self.setAccessibleDescription(f"{meaning}. {search_text.PART_KEYS}")
        elided = text_px > MOST_CHIP_PX
        self.setToolTip(f"{part.text}\n{meaning}" if elided else meaning)
        if not elided:
            self._words.setToolTip("")

    def event(self, event: QEvent) -> bool:
        override = event.type() is QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_F2:
            event.accept()  # elsewhere in the window it is a command
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2, Qt.Key.Key_Space):
            self.chosen.emit()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif key in STEPS:
            self.left.emit(STEPS[Qt.Key(key)])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()  # otherwise the release would not come here

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and inside:
            self.chosen.emit()


class QueryChips(QWidget):
    """A row of chips that wraps where it is full; hidden without parts.

    Signals:
        chosen(QueryPart): the part is to be edited.
        removed(QueryPart): the part is to be taken out.
        emptied(): the chip that had the keyboard focus is gone, and there is no other.
    """

    chosen = Signal(object)
    removed = Signal(object)
    emptied = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tab_before: QWidget | None = None
        self.chips: list[QueryChip] = []
        self.setAccessibleName(search_text.PARTS)
        self._flow = FlowLayout(self)
        self._flow.setContentsMargins(36, 0, 36, 6)
        self.hide()

    def set_tab_before(self, widget: QWidget) -> None:
        """Tab goes from this widget to the first chip."""
        self._tab_before = widget

    @property
    def parts(self) -> tuple[QueryPart, ...]:
        """The parts on show."""
        return tuple(chip.part for chip in self.chips)

    def show_parts(self, parts: tuple[QueryPart, ...]) -> None:
        """Show a chip a part; the keyboard stays where it was in the row."""
        if parts == self.parts:
            return
        focused = next((n for n, chip in enumerate(self.chips) if chip.hasFocus()), None)
        old, self.chips = self.chips, []
        before = self._tab_before
        for part in parts:
            chip = QueryChip(self._theme, part)
            chip.chosen.connect(self._chip_chosen)
            chip.removed.connect(self._chip_removed)
            chip.left.connect(self._chip_left)
            self._flow.addWidget(chip)
            chip.show()
            if before is not None:
                QWidget.setTabOrder(before, chip)
            before = chip
            self.chips.append(chip)
        self.setVisible(bool(parts))
        if focused is not None:
            if self.chips:
                self.chips[min(focused, len(self.chips) - 1)].setFocus()
            else:
                self.emptied.emit()
        for chip in old:
            chip.hide()
            self._flow.removeWidget(chip)
            chip.deleteLater()
        self.updateGeometry()

    def _sender_chip(self) -> QueryChip:
        chip = self.sender()
        assert isinstance(chip, QueryChip)
        return chip

    def _chip_chosen(self) -> None:
        self.chosen.emit(self._sender_chip().part)

    def _chip_removed(self) -> None:
        self.removed.emit(self._sender_chip().part)

    def _chip_left(self, step: int) -> None:
        at = self.chips.index(self._sender_chip()) + step
        to = max(0, min(len(self.chips) - 1, at))
        self.chips[to].setFocus(Qt.FocusReason.TabFocusReason)

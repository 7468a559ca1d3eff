"""The search field, and what narrows the search below it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app import text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import IconLabel, icon_button, label
from desktop_app.views.widgets.verify_switch import VerifySwitch


class SearchField(QLineEdit):
    """Signals:
    left_downwards(): the down key, to go to the results.
    """

    left_downwards = Signal()

    def furnish(self, theme: Theme) -> QToolButton:
        """Put the magnifier and the button that clears in; returns the button."""
        self._glass = IconLabel(theme, "search", 20)
        self._clear = icon_button(theme, "close", text.CLEAR_SEARCH)
        for child in (self._glass, self._clear):
            child.setParent(self)
        self._clear.setCursor(Qt.CursorShape.ArrowCursor)
        self._clear.hide()
        self.setTextMargins(32, 0, 36, 0)
        return self._clear

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        middle = self.height() // 2
        self._glass.move(13, middle - 10)
        side = 28
        self._clear.setGeometry(self.width() - side - 8, middle - side // 2, side, side)

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.left_downwards.emit()
        else:
            super().keyPressEvent(event)


class SearchBar(QWidget):
    """Signals:
    typed(str): the words changed; submitted(str): Enter.
    chip_closed(): the thing that was searched for was taken away.
    toggle_sidebar(), toggle_inspector(): the buttons at the ends.
    """

    typed = Signal(str)
    submitted = Signal(str)
    chip_closed = Signal()
    toggle_sidebar = Signal()
    toggle_inspector = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 4)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.sidebar_button = icon_button(theme, "sidebar", text.TOGGLE_SIDEBAR)
        self.sidebar_button.clicked.connect(self.toggle_sidebar)
        self.inspector_button = icon_button(theme, "inspector", text.TOGGLE_INSPECTOR)
        self.inspector_button.clicked.connect(self.toggle_inspector)
        for button in (self.sidebar_button, self.inspector_button):
            button.setCheckable(True)
        self.field = SearchField()
        self.field.setObjectName("searchField")
        self.field.setPlaceholderText(text.SEARCH_PLACEHOLDER)
        self.field.setAccessibleName(text.SEARCH_NAME)
        self.field.setMaxLength(300)
        self._clear = self.field.furnish(theme)
        self._clear.clicked.connect(self._clear_field)
        self.field.textEdited.connect(self.typed)
        self.field.textChanged.connect(self._text_changed)
        self.field.returnPressed.connect(self._submit)
        row.addWidget(self.sidebar_button)
        self.look_switch = VerifySwitch()
        self.look_switch.setEnabled(False)  # until there is a library to ask
        row.addWidget(self.field, 1)
        row.addWidget(self.look_switch)
        row.addWidget(self.inspector_button)
        column.addLayout(row)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setAccessibleName(text.SEARCHING)
        self._busy.setFixedHeight(3)
        policy = self._busy.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._busy.setSizePolicy(policy)
        self._busy.hide()
        column.addWidget(self._busy)
        self._chips = self._build_chips(theme)
        column.addWidget(self._chips)

    def _build_chips(self, theme: Theme) -> QWidget:
        """The line for what narrows a search."""
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(36, 0, 36, 0)
        chip = QFrame()
        chip.setObjectName("chip")
        inner = QHBoxLayout(chip)
        inner.setContentsMargins(10, 2, 2, 2)
        inner.setSpacing(8)
        self._chip_picture = label()
        self._chip_words = label()
        close = icon_button(theme, "close", text.CLEAR_SEARCH, "text")
        close.setIconSize(QSize(14, 14))
        close.clicked.connect(self.chip_closed)
        inner.addWidget(self._chip_picture)
        inner.addWidget(self._chip_words)
        inner.addWidget(close)
        row.addWidget(chip)
        row.addStretch(1)
        line.hide()
        return line

    def set_text(self, words: str) -> None:
        """Show words without searching for them."""
        self.field.setText(words)

    def show_chip(self, words: str, picture=None) -> None:
        """Say that a thing is searched for; an empty string takes the chip away."""
        self._chips.setVisible(bool(words))
        self._chip_words.setText(words)
        self._chip_picture.setVisible(picture is not None)
        if picture is not None:
            self._chip_picture.setPixmap(picture)

    def set_busy(self, busy: bool) -> None:
        self._busy.setVisible(busy)

    def focus(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _text_changed(self, words: str) -> None:
        self._clear.setVisible(bool(words))

    def _clear_field(self) -> None:
        self.field.clear()
        self.typed.emit("")
        self.field.setFocus()

    def _submit(self) -> None:
        self.submitted.emit(self.field.text())

"""The search field with its buttons, and below it chips: the parts of a query, or a region."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.item_models.query_parts import QueryPart, query_parts, text_without
from desktop_app.text import library_text, search_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import IconLabel, icon_button, label
from desktop_app.views.widgets.query_chips import QueryChips
from desktop_app.views.widgets.verify_switch import VerifySwitch
from engine.records import QueryPlan


class SearchField(QLineEdit):
    """The line edit of the search bar.

    Signals:
        down_pressed(): the down key was pressed, to go to the results.
    """

    down_pressed = Signal()

    def add_icons(self, theme: Theme) -> QToolButton:
        """Add the magnifier and the clear button inside the field; returns the button."""
        self._magnifier = IconLabel(theme, "search", 20)
        self._clear = icon_button(theme, "close", search_text.CLEAR_SEARCH)
        for child in (self._magnifier, self._clear):
            child.setParent(self)
        self._clear.setCursor(Qt.CursorShape.ArrowCursor)
        self._clear.hide()
        self.setTextMargins(32, 0, 36, 0)
        return self._clear

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        middle = self.height() // 2
        self._magnifier.move(13, middle - 10)
        side = 28
        self._clear.setGeometry(self.width() - side - 8, middle - side // 2, side, side)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.down_pressed.emit()
        else:
            super().keyPressEvent(event)


class SearchBar(QWidget):
    """The bar above the pages.

    Signals:
        typed(str): the text was edited.
        submitted(str): Enter was pressed.
        part_removed(str): a part of the query was taken out; this text is left, maybe none.
        chip_closed(): the chip was closed, so the search is to be cleared.
        toggle_sidebar(), toggle_inspector(): the buttons at the ends were pressed.
    """

    typed = Signal(str)
    submitted = Signal(str)
    part_removed = Signal(str)
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
        self.sidebar_button = icon_button(theme, "sidebar", library_text.TOGGLE_SIDEBAR)
        self.sidebar_button.clicked.connect(self.toggle_sidebar)
        self.inspector_button = icon_button(theme, "inspector", library_text.TOGGLE_INSPECTOR)
        self.inspector_button.clicked.connect(self.toggle_inspector)
        for button in (self.sidebar_button, self.inspector_button):
            button.setCheckable(True)
        self.field = SearchField()
        self.field.setObjectName("searchField")
        self.field.setPlaceholderText(search_text.SEARCH_PLACEHOLDER)
        self.field.setAccessibleName(search_text.SEARCH_NAME)
        self.field.setMaxLength(300)
        self._clear = self.field.add_icons(theme)
        self._clear.clicked.connect(self._clear_field)
        self.field.textEdited.connect(self.typed)
        self.field.textChanged.connect(self._text_changed)
        self.field.returnPressed.connect(self._submit)
        row.addWidget(self.sidebar_button)
        self.verify_switch = VerifySwitch()
        self.verify_switch.setEnabled(False)  # until a library is open
        row.addWidget(self.field, 1)
        row.addWidget(self.verify_switch)
        row.addWidget(self.inspector_button)
        column.addLayout(row)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setAccessibleName(search_text.SEARCHING)
        self._busy.setFixedHeight(3)
        policy = self._busy.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._busy.setSizePolicy(policy)
        self._busy.hide()
        column.addWidget(self._busy)
        self._plan: QueryPlan | None = None
        self._plan_texts: frozenset[str] = frozenset()
        self.query_chips = QueryChips(theme)
        self.query_chips.set_tab_before(self.field)
        self.query_chips.chosen.connect(self._edit_part)
        self.query_chips.removed.connect(self._remove_part)
        self.query_chips.emptied.connect(self.field.setFocus)
        column.addWidget(self.query_chips)
        self._like_line = self._build_like_line(theme)
        column.addWidget(self._like_line)

    def _build_like_line(self, theme: Theme) -> QWidget:
        """The line with the chip of a region that is searched for."""
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
        close = icon_button(theme, "close", search_text.CLEAR_SEARCH, "text")
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
        """Set the text without searching for it."""
        self.field.setText(words)

    def show_chip(self, words: str, picture: QPixmap | None = None) -> None:
        """Show that a region is searched for; an empty text hides the chip."""
        self._like_line.setVisible(bool(words))
        self._chip_words.setText(words)
        self._chip_picture.setVisible(picture is not None)
        if picture is not None:
            self._chip_picture.setPixmap(picture)

    def show_plan(self, plan: QueryPlan | None, typed: str = "") -> None:
        """Show what a text was understood as; None for a search without words.

        Args:
            typed: the text that was searched for; the plan's own may be corrected.
        """
        self._plan = plan
        self._plan_texts = frozenset({typed, plan.text}) if plan is not None else frozenset()
        self.query_chips.show_parts(query_parts(plan) if plan is not None else ())

    def _edit_part(self, part: QueryPart) -> None:
        """Select the characters of a part in the field."""
        plan = self._current_plan()
        if plan is not None:
            if self.field.text() != plan.text:
                self.field.setText(plan.text)
            start = _utf16_length(plan.text[: part.span.start])
            length = _utf16_length(plan.text[part.span.start : part.span.end])
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)
            self.field.setSelection(start, length)

    def _remove_part(self, part: QueryPart) -> None:
        plan = self._current_plan()
        if plan is not None:
            left = text_without(plan, part)
            self.field.setText(left)
            self.part_removed.emit(left)

    def _current_plan(self) -> QueryPlan | None:
        """The plan of the chips; None if another text has been typed since."""
        return self._plan if " ".join(self.field.text().split()) in self._plan_texts else None

    def set_busy(self, busy: bool) -> None:
        """Show or hide the progress bar of a running search."""
        self._busy.setVisible(busy)

    def focus(self) -> None:
        """Focus the search field and select its text."""
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


def _utf16_length(text: str) -> int:
    """Length as Qt counts it: most emoji are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2

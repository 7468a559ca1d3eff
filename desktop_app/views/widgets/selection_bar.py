"""The bar below the grid while several photos are selected: how many, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from desktop_app.text import export_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import label, push_button


class SelectionBar(QFrame):
    """Hidden while fewer than two photos are selected.

    Signals:
        export(), copy_paths(), select_all(), select_none(): a button was pressed.
    """

    export = Signal()
    copy_paths = Signal()
    select_all = Signal()
    select_none = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("band")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(8)
        self._words = label()
        row.addWidget(self._words, 1)
        self.all_button = push_button(export_text.SELECT_ALL, role="link")
        self.none_button = push_button(export_text.SELECT_NONE, role="link")
        self.paths_button = push_button(export_text.COPY_PATHS)
        self.export_button = push_button(
            export_text.EXPORT, role="primary", theme=theme, icon="scissors", token="on_accent"
        )
        for button, signal in (
            (self.all_button, self.select_all),
            (self.none_button, self.select_none),
            (self.paths_button, self.copy_paths),
            (self.export_button, self.export),
        ):
            button.clicked.connect(signal)
            row.addWidget(button)
        self.hide()

    def show_count(self, selected: int, *, all_so_far: bool = False) -> None:
        """Show how many photos are selected; see ``export_text.selected``."""
        words = export_text.selected(selected, all_so_far=all_so_far)
        self._words.setText(words)
        self.setAccessibleName(words)
        self.setVisible(selected > 1)

    @property
    def message(self) -> str:
        """The words on show."""
        return self._words.text()

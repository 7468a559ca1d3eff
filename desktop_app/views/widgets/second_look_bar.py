"""The bar over the grid with the progress of reranking (the second look)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from desktop_app.text import formatting, search_text
from desktop_app.views.widgets.basic_widgets import label, push_button


class SecondLookBar(QFrame):
    """A sentence, and a button: stop reranking, rerank more hits, or see the models.

    Signals:
        stop(), more(), models(): a button was pressed.
    """

    stop = Signal()
    more = Signal()
    models = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("band")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(12)
        self._words = label(wrap=True)
        self._words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        row.addWidget(self._words, 1)
        self.stop_button = push_button(search_text.STOP, role="link")
        self.stop_button.setAccessibleName(search_text.STOP_NAME)
        self.stop_button.clicked.connect(self.stop)
        self.more_button = push_button("", role="link")
        self.more_button.clicked.connect(self.more)
        self.models_button = push_button(search_text.SEE_MODELS, role="link")
        self.models_button.clicked.connect(self.models)
        self._buttons = (self.stop_button, self.more_button, self.models_button)
        for button in self._buttons:
            row.addWidget(button)
            button.hide()
        self.hide()

    def show_message(
        self, words: str, *, can_stop: bool = False, more: int = 0, no_model: bool = False
    ) -> None:
        """Show a sentence; an empty one hides the bar.

        Args:
            can_stop: show the stop button.
            more: how many further hits another button reranks; 0 for no such button.
            no_model: show the button that leads to the models.
        """
        self._words.setText(words)
        if more:
            self.more_button.setText(search_text.RERANK_MORE.format(count=formatting.number(more)))
            self.more_button.setAccessibleName(self.more_button.text())
            self.more_button.setToolTip(f"{self.more_button.text()} (Ctrl+Shift+M)")
        shown = self.stop_button if can_stop else self.more_button if more else None
        self._show_button(self.models_button if no_model else shown)
        self.setVisible(bool(words))

    @property
    def message(self) -> str:
        """The sentence on show."""
        return self._words.text()

    def _show_button(self, shown: QPushButton | None) -> None:
        """Show only this button, None for none; it takes over the focus of another one."""
        other_had_focus = any(button.hasFocus() for button in self._buttons)
        if shown is not None:
            shown.show()
            if other_had_focus:
                shown.setFocus(Qt.FocusReason.OtherFocusReason)
        for button in self._buttons:
            if button is not shown:
                button.hide()

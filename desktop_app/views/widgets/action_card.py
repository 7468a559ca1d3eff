"""A card: a title, sentences, buttons, a question that replaces them, and progress."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayoutItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.item_models.model_cards import Card, CardAction
from desktop_app.views.widgets.basic_widgets import label, push_button
from desktop_app.views.widgets.flow_layout import FlowLayout
from desktop_app.views.widgets.progress_row import ProgressRow


class ActionCard(QFrame):
    """Shows a ``Card``. Parts that most cards never show are created when they are needed.

    Signals:
        pressed(str key, str action): a button was pressed; ``cancel`` is that beside the progress.
        confirmed(str key, str action): the question was answered with yes.
    """

    pressed = Signal(str, str)
    confirmed = Signal(str, str)

    def __init__(self, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("band")
        self._card = Card("", "", "", ())
        self._asked = ""
        self._question: QLabel | None = None
        self._progress: ProgressRow | None = None
        self._problem: QLabel | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 12, 16, 12)
        self._column.setSpacing(6)
        top = QHBoxLayout()
        top.setSpacing(12)
        self._title = label(role="title", wrap=True)
        self._state = label(role="state")
        top.addWidget(self._title, 1)
        top.addWidget(self._state)
        self._column.addLayout(top)
        self._body = label(role="secondary", wrap=True)
        self._body.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._column.addWidget(self._body)
        self._buttons = QWidget()
        self._row = FlowLayout(self._buttons)
        self._row.setContentsMargins(0, 4, 0, 0)
        self._column.addWidget(self._buttons)
        self.show_card(card)

    @property
    def card(self) -> Card:
        """What is shown."""
        return self._card

    def show_card(self, card: Card) -> None:
        """Show a card; progress and an open question stay."""
        if card == self._card:
            return
        old, self._card = self._card, card
        self.setAccessibleName(f"{card.title}, {card.state}" if card.state else card.title)
        self._title.setText(card.title)
        self._state.setText(card.state)
        self._state.setVisible(bool(card.state))
        self._body.setText("\n".join(card.lines))
        self._body.setVisible(bool(card.lines))
        self.show_problem(card.problem)
        if not self._asked and card.actions != old.actions:
            self._show_buttons(card.actions)

    def show_problem(self, words: str) -> None:
        """Say what went wrong, until a button is pressed or the card changes."""
        if self._problem is None and words:
            self._problem = label(role="danger", wrap=True)
            self._column.insertWidget(2, self._problem)
        if self._problem is not None:
            self._problem.setText(words)
            self._problem.setVisible(bool(words))

    def ask(self, action: str, question: str, yes: str, no: str) -> None:
        """Replace the buttons by a question with two answers."""
        self._asked = action
        if self._question is None:
            self._question = label(wrap=True)
            self._column.insertWidget(self._column.indexOf(self._buttons), self._question)
        self._question.setText(question)
        self._question.show()
        self._show_buttons((CardAction("yes", yes, primary=True), CardAction("no", no)))
        self.button("no").setFocus(Qt.FocusReason.OtherFocusReason)

    def show_progress(self, words: str, share: float | None, cancel: str) -> None:
        """Show progress; if it can be cancelled here, instead of the buttons.

        Args:
            share: 0..1; None if it is not known.
            cancel: label of the button that cancels; empty for no such button.
        """
        if self._progress is None:
            self._progress = ProgressRow(self._card.title)
            self._progress.cancelled.connect(self._cancel)
            self._progress.hide()
            self._column.insertWidget(self._column.indexOf(self._buttons), self._progress)
        had_focus = self._progress.isHidden() and self._has_focus()
        self._progress.show_progress(words, share, cancel)
        self._progress.show()
        if had_focus and cancel:
            self._progress.cancel_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self._buttons.setVisible(not cancel)

    def hide_progress(self) -> None:
        """The buttons are back."""
        if self._progress is None or self._progress.isHidden():
            return
        had_focus = self._progress.cancel_button.hasFocus()
        self._progress.hide()
        self._buttons.setVisible(self._row.count() > 0)
        if had_focus:
            self.focus_first_button()

    @property
    def problem(self) -> str:
        """What went wrong; empty if nothing did."""
        return self._problem.text() if self._problem is not None else ""

    @property
    def question(self) -> str:
        """The question on show; empty without one."""
        return self._question.text() if self._asked and self._question is not None else ""

    @property
    def progress(self) -> str:
        """The words of the progress on show; empty without one."""
        shown = self._progress is not None and not self._progress.isHidden()
        return self._progress.words if self._progress is not None and shown else ""

    def cancel(self) -> None:
        """Press the button beside the progress."""
        if self._progress is not None:
            self._progress.cancel_button.click()

    def button(self, name: str) -> QPushButton:
        """The button of an action on show; ``yes`` and ``no`` answer the question.

        Raises:
            KeyError: there is none.
        """
        for at in range(self._row.count()):
            widget = _widget_of(self._row.itemAt(at))
            if isinstance(widget, QPushButton) and widget.property("action") == name:
                return widget
        raise KeyError(name)

    def focus_first_button(self) -> None:
        """Give the first button the focus, if there is one."""
        widget = _widget_of(self._row.itemAt(0))
        if widget is not None:
            widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def _has_focus(self) -> bool:
        focused = self.focusWidget()
        return focused is not None and focused.hasFocus()

    def _show_buttons(self, actions: tuple[CardAction, ...]) -> None:
        had_focus = self._has_focus()
        while (old := _widget_of(self._row.takeAt(0))) is not None:
            old.hide()
            old.deleteLater()
        for action in actions:
            button = push_button(action.words, role="primary" if action.primary else "")
            button.setAccessibleName(f"{action.words.rstrip('…')}: {self._card.title}")
            button.setProperty("action", action.name)
            button.clicked.connect(self._clicked)
            self._row.addWidget(button)
            button.show()  # otherwise the layout shows it later, and it cannot get the focus now
        self._buttons.setVisible(bool(actions))
        if had_focus:
            self.focus_first_button()

    def _clicked(self) -> None:
        name = self.sender().property("action")
        self.show_problem(self._card.problem)
        if not self._asked:
            self.pressed.emit(self._card.key, name)
            return
        asked, self._asked = self._asked, ""
        if self._question is not None:
            self._question.hide()
        self._show_buttons(self._card.actions)
        if name == "yes":
            self.confirmed.emit(self._card.key, asked)

    def _cancel(self) -> None:
        self.pressed.emit(self._card.key, "cancel")


def _widget_of(item: QLayoutItem | None) -> QWidget | None:
    return item.widget() if item is not None else None

"""The page with the models: which of them answer, which are installed, which can be had."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.item_models.model_cards import Card
from desktop_app.text import models_text
from desktop_app.views.pages.scroll_page import ScrollPage
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.action_card import ActionCard
from desktop_app.views.widgets.basic_widgets import label, push_button

PROFILE, MODEL = "profile", "model"
IMPORT_KEY = ""
"""Key of the card that shows the import of files whose model is not known yet."""


class ModelsPage(ScrollPage):
    """Lists profiles and models as cards.

    Signals:
        closed(): see ``ScrollPage``.
        listed(): all cards of ``show_cards`` are shown.
        import_requested(): choose files of any model.
        pressed(str kind, str key, str action): a button of a card, see ``ActionCard``.
        confirmed(str kind, str key, str action): a question was answered with yes.
    """

    listed = Signal()
    import_requested = Signal()
    pressed = Signal(str, str, str)
    confirmed = Signal(str, str, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, models_text.MODELS_TITLE, parent)
        self._cards: dict[tuple[str, str], ActionCard] = {}
        self._roles: dict[str, QVBoxLayout] = {}
        self._waiting: deque[tuple[str, str, Card]] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._show_next)
        self.import_button = push_button(models_text.IMPORT, theme=theme, icon="plus")
        self.import_button.clicked.connect(self.import_requested)
        self.top.addWidget(self.import_button)
        self._build_sections()

    def _build_sections(self) -> None:
        sections = self.sections
        self.computer = label(models_text.LOADING, "secondary", wrap=True)
        sections.addWidget(self.computer)
        self.runtime_note = label(models_text.NO_RUNTIME, "danger", wrap=True)
        self.runtime_note.hide()
        sections.addWidget(self.runtime_note)
        headings = {PROFILE: models_text.PROFILES, IMPORT_KEY: "", **models_text.ROLES}
        for role, heading in headings.items():
            if heading:
                sections.addSpacing(10)
                sections.addWidget(label(heading, "heading"))
            self._roles[role] = QVBoxLayout()
            self._roles[role].setSpacing(8)
            sections.addLayout(self._roles[role])
        sections.addSpacing(10)
        sections.addWidget(label(models_text.NO_NETWORK, "secondary", wrap=True))
        sections.addWidget(label(models_text.DROP_HINT, "secondary", wrap=True))
        sections.addStretch(1)

    def show_cards(self, profiles: Sequence[Card], models: Mapping[str, Sequence[Card]]) -> None:
        """Show these cards; those that are shown already are changed in place.

        Args:
            models: role of the models -> their cards.
        """
        wanted = [(PROFILE, PROFILE, card) for card in profiles]
        wanted += [(MODEL, role, card) for role, cards in models.items() for card in cards]
        keys = {(kind, card.key) for kind, _, card in wanted}
        for key in [k for k in self._cards if k not in keys and k != (MODEL, IMPORT_KEY)]:
            self._remove(key)
        self._waiting = deque(wanted)
        self._show_next()

    def _show_next(self) -> None:
        """Change the cards that are there, and create one; all at once would block the window."""
        while self._waiting:
            kind, role, card = self._waiting.popleft()
            created = (kind, card.key) not in self._cards
            self._show(kind, role, card)
            if created and self._waiting:
                self._timer.start()
                return
        self.listed.emit()

    def show_import(self, shown: bool) -> None:
        """Show or take away the card of an import whose model is not known yet."""
        if shown:
            card = Card(IMPORT_KEY, models_text.IMPORTING, "", ())
            self._show(MODEL, IMPORT_KEY, card)
        else:
            self._remove((MODEL, IMPORT_KEY))

    def card(self, kind: str, key: str) -> ActionCard | None:
        """The card of a profile or model; None if it is not listed."""
        return self._cards.get((kind, key))

    def cards(self) -> list[ActionCard]:
        """All cards."""
        return list(self._cards.values())

    def _show(self, kind: str, role: str, card: Card) -> None:
        shown = self._cards.get((kind, card.key))
        if shown is not None:
            shown.show_card(card)
        else:
            shown = ActionCard(card)
            shown.setProperty("kind", kind)
            shown.pressed.connect(self._pressed)
            shown.confirmed.connect(self._confirmed)
            self._cards[kind, card.key] = shown
            if role not in self._roles:  # a role that this window does not know
                role = IMPORT_KEY
            self._roles[role].addWidget(shown)

    def _remove(self, key: tuple[str, str]) -> None:
        card = self._cards.pop(key, None)
        if card is not None:
            card.hide()
            card.deleteLater()

    def _pressed(self, key: str, action: str) -> None:
        self.pressed.emit(self.sender().property("kind"), key, action)

    def _confirmed(self, key: str, action: str) -> None:
        self.confirmed.emit(self.sender().property("kind"), key, action)

"""The closer look: the switch Instant or Verified, and what is said over the grid."""

from __future__ import annotations

from PySide6.QtCore import QObject

from desktop_app import text
from desktop_app.bridge.session import Session
from desktop_app.controllers.searching import VERIFIED, Query, SearchController
from desktop_app.ui_state import UiState
from desktop_app.views.main_window import MainWindow
from desktop_app.views.widgets.second_look_bar import SecondLookBar
from engine.records import RerankerInfo, SearchResult

MORE = 20
"""Hits that are looked at in addition when somebody asks for more."""
FLAG = "verified"


class SecondLookPresenter(QObject):
    """Hits get a closer look if people want it and there is a model that can."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        state: UiState,
        searching: SearchController,
        band: SecondLookBar,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._state = window, session, state
        self._searching, self._band = searching, band
        self._switch = window.search_bar.look_switch
        self._choices = 0
        self._switch.set_verified(state.flag(FLAG, False))
        self._switch.setEnabled(True)
        searching.verify = VERIFIED if self._switch.is_verified else 0
        self._switch.chosen.connect(self._chosen)
        band.stop.connect(searching.stop_looking)
        band.more.connect(self._look_at_more)
        window.commands["look_switch"].triggered.connect(self._toggle)
        window.commands["look_at_more"].triggered.connect(self._look_at_more)
        searching.updated.connect(self._updated)
        searching.waited.connect(self._waited)
        for ended in (searching.failed, searching.cleared):
            ended.connect(self._ended)
        session.reads.call(session.library.search.reranker, self._describe)

    # -- the switch ------------------------------------------------------------------------

    def _toggle(self) -> None:
        if self._switch.isVisible():
            self._switch.toggle()

    def _chosen(self, verified: bool) -> None:
        self._choices += 1
        if not verified:
            self._use(False)
            return
        choice, library = self._choices, self._session.library
        self._session.reads.call(lambda: (choice, library.search.reranker()), self._answered)

    def _answered(self, answer: tuple[int, RerankerInfo]) -> None:
        choice, info = answer
        self._describe(info)
        if choice != self._choices:
            return  # somebody has gone back to Instant meanwhile
        if info.available:
            self._use(True)
            return
        self._switch.set_verified(False)
        words = " ".join(filter(None, (info.problem, info.hint)))
        self._band.say(words)
        if not self._band.isVisible():  # another page is shown than the grid
            self._window.toast.say(words)

    def _describe(self, info: RerankerInfo) -> None:
        self._switch.describe(text.verified_hint(info))

    def _use(self, verified: bool) -> None:
        self._state.set_flag(FLAG, verified)
        self._searching.verify = VERIFIED if verified else 0
        self._band.say("")
        self._searching.look(self._searching.verify)

    # -- the band --------------------------------------------------------------------------

    def _look_at_more(self) -> None:
        more = self._more()
        if more:
            self._searching.look(self._searching.result.looked_at + more)

    def _more(self) -> int:
        """How many more hits could be looked at now."""
        result = self._searching.result
        if result is None or not result.complete or not result.to_look_at:
            return 0
        return min(MORE, len(result.hits) - result.looked_at)

    def _updated(self, query: Query, result: SearchResult) -> None:
        looking = not result.complete and result.to_look_at > 0
        self._band.say(text.second_look(result), can_stop=looking, more=self._more())

    def _waited(self, query: Query, result: SearchResult) -> None:
        """It has not come as far again as what is on show."""
        self._window.search_bar.set_busy(True)
        if result.to_look_at:
            self._band.say(text.second_look(result), can_stop=True)

    def _ended(self, *_) -> None:
        self._band.say("")

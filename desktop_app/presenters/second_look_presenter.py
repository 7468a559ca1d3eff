"""Reranking, which the window calls second look: the switch, and the bar over the grid."""

from __future__ import annotations

from PySide6.QtCore import QObject

from desktop_app.bridge.session import Session
from desktop_app.controllers.searching import VERIFY_COUNT, SearchController, ShownQuery
from desktop_app.text import search_text
from desktop_app.ui_state import UiState
from desktop_app.views.main_window import MainWindow
from desktop_app.views.widgets.second_look_bar import SecondLookBar
from engine.records import RerankerInfo, SearchResult

MORE = 20
"""Further hits that are reranked each time people ask for more."""
FLAG = "verified"
"""Key of the switch's position in the stored state of the window."""


class SecondLookPresenter(QObject):
    """Has hits reranked when the switch is at Verified and a reranker is available."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        state: UiState,
        searching: SearchController,
        bar: SecondLookBar,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._state = window, session, state
        self._searching, self._bar = searching, bar
        self._switch = window.search_bar.verify_switch
        self._choice_count = 0
        self._switch.set_verified(state.flag(FLAG, False))
        self._switch.setEnabled(True)
        searching.verify = VERIFY_COUNT if self._switch.is_verified else 0
        self._switch.chosen.connect(self._chosen)
        bar.stop.connect(searching.stop_reranking)
        bar.more.connect(self._rerank_more)
        bar.models.connect(window.commands["models"].trigger)
        window.commands["verify_switch"].triggered.connect(self._toggle)
        window.commands["rerank_more"].triggered.connect(self._rerank_more)
        searching.updated.connect(self._updated)
        searching.catching_up.connect(self._catching_up)
        for ended in (searching.failed, searching.cleared):
            ended.connect(self._ended)
        self.models_changed()

    def models_changed(self) -> None:
        """Another language model may rerank now, or none."""
        self._session.reads.call(self._session.library.search.reranker, self._describe_reranker)

    # -- the switch ------------------------------------------------------------------------

    def _toggle(self) -> None:
        if self._switch.isVisible():
            self._switch.toggle()

    def _chosen(self, verified: bool) -> None:
        self._choice_count += 1
        if not verified:
            self._apply(False)
            return
        choice, library = self._choice_count, self._session.library
        self._session.reads.call(
            lambda: (choice, library.search.reranker()), self._availability_read
        )

    def _availability_read(self, answer: tuple[int, RerankerInfo]) -> None:
        choice, info = answer
        self._describe_reranker(info)
        if choice != self._choice_count:
            return  # the switch has been moved again meanwhile
        if info.available:
            self._apply(True)
            return
        self._switch.set_verified(False)
        words = " ".join(filter(None, (info.problem, info.hint)))
        self._bar.show_message(words, no_model=True)
        if not self._bar.isVisible():  # the page with the bar is not shown
            see_models = self._window.commands["models"].trigger
            self._window.toast.show_message(words, search_text.SEE_MODELS, see_models)

    def _describe_reranker(self, info: RerankerInfo) -> None:
        self._switch.set_verified_hint(search_text.verified_hint(info))

    def _apply(self, verified: bool) -> None:
        self._state.set_flag(FLAG, verified)
        self._searching.verify = VERIFY_COUNT if verified else 0
        self._bar.show_message("")
        self._searching.rerank(self._searching.verify)

    # -- the bar ---------------------------------------------------------------------------

    def _rerank_more(self) -> None:
        more, result = self._more(), self._searching.result
        if more and result is not None:
            self._searching.rerank(result.looked_at + more)

    def _more(self) -> int:
        """How many further hits can be reranked now."""
        result = self._searching.result
        if result is None or not result.complete or not result.to_look_at:
            return 0
        return min(MORE, len(result.hits) - result.looked_at)

    def _updated(self, query: ShownQuery, result: SearchResult) -> None:
        reranking = not result.complete and result.to_look_at > 0
        self._bar.show_message(
            search_text.second_look(result), can_stop=reranking, more=self._more()
        )

    def _catching_up(self, query: ShownQuery, result: SearchResult) -> None:
        """Show progress only: the hits on show have more verdicts than this result."""
        self._window.search_bar.set_busy(True)
        if result.to_look_at:
            self._bar.show_message(search_text.second_look(result), can_stop=True)

    def _ended(self, *_: object) -> None:
        self._bar.show_message("")

"""Shows a search: its hits, the messages about them, recent searches, outdated hits."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.session import Session
from desktop_app.controllers import empty_states
from desktop_app.controllers.browsing import BrowseController
from desktop_app.controllers.empty_states import Message
from desktop_app.controllers.searching import (
    SearchController,
    ShownQuery,
    photos_awaiting_reranking,
)
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.presenters.photo_presenter import PhotoPresenter
from desktop_app.text import formatting, search_text, window_text
from desktop_app.ui_state import UiState
from desktop_app.views.grid.scroll_anchor import ScrollAnchor
from desktop_app.views.main_window import MainWindow
from desktop_app.views.pages.results_page import ResultsPage
from engine.errors import EngineError
from engine.records import PhotoId, SearchHit, SearchResult

STARTER_PROFILE = "starter"


class SearchPresenter(QObject):
    """Connects the search controller with the search bar, the grid and the bars above it.

    Attributes:
        empty_message: replaces the grid; None while there are hits or no search.

    Signals:
        results_requested(): the results page is to be the current one.
        content_changed(): there are other hits, or another message instead of them.
    """

    results_requested = Signal()
    content_changed = Signal()

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        state: UiState,
        model: PhotoGridModel,
        results: ResultsPage,
        searching: SearchController,
        browsing: BrowseController,
        photo: PhotoPresenter,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._state = window, session, state
        self._model, self._results = model, results
        self._searching, self._browsing, self._photo = searching, browsing, photo
        self._anchor = ScrollAnchor(results.grid)
        self._first_result = True
        self._changed_photos: set[PhotoId] = set()
        self.empty_message: Message | None = None
        self._connect()

    def _connect(self) -> None:
        searching, bar, side = self._searching, self._window.search_bar, self._window.sidebar
        bar.typed.connect(searching.typed)
        bar.submitted.connect(self._submitted)
        bar.part_removed.connect(searching.submit)
        bar.chip_closed.connect(searching.clear)
        side.search.connect(self._search_again)
        side.clear_recent_searches.connect(self._clear_recent_searches)
        notice = self._results.profile_notice
        notice.pressed.connect(self._window.commands["models"].trigger)
        notice.dismissed.connect(self._dismiss_notice)
        self._results.changes_bar.pressed.connect(searching.repeat)
        self._photo.find_similar.connect(self._find_similar)
        searching.started.connect(self._started)
        searching.repeated.connect(self._repeated)
        searching.updated.connect(self._updated)
        searching.failed.connect(self._failed)
        searching.cleared.connect(self._cleared)

    # -- queries ---------------------------------------------------------------------------

    def _submitted(self, words: str) -> None:
        self._record_search(words)
        self._searching.submit(words)

    def _search_again(self, words: str) -> None:
        self._window.search_bar.set_text(words)
        self._submitted(words)

    def _find_similar(self, hit: SearchHit) -> None:
        self._photo.deactivate()
        self._window.search_bar.set_text("")
        self._searching.find_similar(hit)

    def record_current_query(self) -> None:
        """Add the words of the current query to the recent searches."""
        if self._searching.query is not None and self._searching.query.text:
            self._record_search(self._searching.query.text)

    def _record_search(self, words: str) -> None:
        self._state.record_search(words)
        self._window.sidebar.show_recent(self._state.recent_searches)

    def _clear_recent_searches(self) -> None:
        self._state.clear_recent_searches()
        self._window.sidebar.show_recent([])

    # -- changes of the library ------------------------------------------------------------

    def photos_changed(self, photos: Iterable[PhotoId]) -> None:
        """Photos have changed since the search; offers to search again. No effect without one."""
        if self._searching.query is not None:
            self._show_changed_photos(self._changed_photos.union(photos))

    def profile_changed(self) -> None:
        """Other models answer now: every hit may have another place and another outline."""
        if self._searching.query is not None:
            self._show_changed_photos({hit.photo.id for hit in self._model.rows}, always=True)

    def _show_changed_photos(self, photos: set[PhotoId], *, always: bool = False) -> None:
        """Count these photos in the bar; the hits stay as they are until people refresh.

        Args:
            always: show the bar even without photos.
        """
        self._changed_photos = photos
        count = formatting.photos(len(photos))
        words = search_text.CHANGED_SINCE.format(photos=count)
        self._results.changes_bar.show_message(words if photos or always else "")

    # -- results ---------------------------------------------------------------------------

    def _started(self, query: ShownQuery) -> None:
        self._photo.deactivate()
        self.results_requested.emit()
        self.empty_message = None
        self._first_result = True
        self._show_changed_photos(set())
        self._browsing.deactivate()
        bar = self._window.search_bar
        bar.set_busy(True)
        name = formatting.file_name(query.like.photo.path) if query.like is not None else ""
        bar.show_chip(search_text.LIKE_CHIP.format(name=name) if name else "")
        if query.like is not None:
            bar.show_plan(None)  # those of a text stay until the next ones come

    def _repeated(self, query: ShownQuery) -> None:
        """The current query is searched for again; a photo that is open stays open."""
        self._show_changed_photos(set())
        self._window.search_bar.set_busy(True)

    def _updated(self, query: ShownQuery, result: SearchResult) -> None:
        self._window.search_bar.set_busy(not result.complete)
        self._window.search_bar.show_plan(result.plan, query.text)
        status = self._session.events.status
        pending = status.pending if status is not None else 0
        self.empty_message = None
        if not result.hits and result.complete:
            self.empty_message = empty_states.nothing_found(
                query.text, pending, similar=query.like is not None, note=result.note
            )
        first, self._first_result = self._first_result, False
        self._show_hits(result, new_search=first)
        self._results.result_note_bar.show_message(self._words_above(query, result, pending))
        self._show_notice(result.profile)
        if first:
            self._results.grid.scrollToTop()
        self.content_changed.emit()
        self._photo.inspect()

    def _show_hits(self, result: SearchResult, *, new_search: bool) -> None:
        """Replace the hits; the photo that people have gone to stays current and in its place."""
        current: PhotoId | None = None
        if new_search:
            self._anchor.reset()
        else:
            current = self._anchor.save()
        open_hit = self._photo.current_hit() if self._photo.is_open else None
        if open_hit is not None:
            current = open_hit.photo.id
        self._model.show_hits(
            result.hits,
            new_search=new_search,
            waiting=photos_awaiting_reranking(result),
            reranker=result.reranker,
            plan=result.plan,
            keep=current,
        )
        self._anchor.restore()

    def _words_above(self, query: ShownQuery, result: SearchResult, pending: int) -> str:
        """The sentence above the grid: everything was judged No, or the note of the result."""
        parts = []
        reranking = result.to_look_at and not result.complete
        if result.hits and self._model.good_hits == 0 and not reranking:
            words = search_text.LIKE_QUERY if query.like is not None else query.text
            if pending:
                number = formatting.number(pending)
                parts.append(search_text.INCOMPLETE_NOTE.format(pending=number))
            parts.append(search_text.NO_HIT_CLOSEST.format(query=words))
        if result.note and not result.request.verify:
            parts.append(result.note)  # with reranking, the bar of that shows the note
        return " ".join(parts)

    def _failed(self, query: ShownQuery, error: BaseException) -> None:
        self._window.search_bar.set_busy(False)
        self._window.search_bar.show_plan(None)
        if not isinstance(error, EngineError):
            raise error
        body = f"{error.message} {error.hint or ''}".strip()
        self.empty_message = Message(search_text.SEARCH_FAILED, body, "problem")
        self.content_changed.emit()

    def _cleared(self) -> None:
        self.empty_message = None
        bar = self._window.search_bar
        bar.set_busy(False)
        bar.show_chip("")
        bar.show_plan(None)
        self._results.result_note_bar.show_message("")
        self._show_changed_photos(set())
        self._photo.deactivate()
        self.results_requested.emit()
        self._browsing.show()
        self._results.grid.scrollToTop()
        self.content_changed.emit()

    def _show_notice(self, profile: str) -> None:
        """Recommend better models once, until people dismiss it."""
        is_starter = profile.startswith(STARTER_PROFILE)
        if is_starter and not self._state.flag("starter_notice_read", False):
            self._results.profile_notice.show_message(window_text.STARTER_NOTICE)

    def _dismiss_notice(self) -> None:
        self._state.set_flag("starter_notice_read", True)
        self._results.profile_notice.show_message("")

"""Starts searches and publishes the results of the newest one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.bridge.job_watcher import JobWatcher, WatchedJob
from engine.records import PhotoId, QueryId, SearchHit, SearchRequest, SearchResult

if TYPE_CHECKING:
    from engine.library import Library

TYPING_PAUSE_MS = 250
"""A search starts when nothing has been typed for this long."""
SHORTEST_TYPED = 2
"""Characters; a shorter query is searched only on Enter."""
HIT_LIMIT = 120
VERIFY_COUNT = 8
"""How many of the first hits are reranked when the switch is at Verified."""


@dataclass(frozen=True)
class ShownQuery:
    """The query of the hits on show: words, or a region of a photo.

    Attributes:
        like: a hit whose region is the query; None for a query by words.
    """

    text: str = ""
    like: SearchHit | None = None

    def request(self, verify: int = 0) -> SearchRequest:
        """The engine's request for this query.

        Args:
            verify: how many of the first hits are reranked.
        """
        if self.like is not None and self.like.region is not None:
            return SearchRequest(like_region=self.like.region.id, limit=HIT_LIMIT, verify=verify)
        return SearchRequest(text=self.text, limit=HIT_LIMIT, verify=verify)


def photos_awaiting_reranking(result: SearchResult) -> list[PhotoId]:
    """Photos of the hits that are still to be reranked, in the order of reranking.

    The reranker goes through the hits in the order of the first stage; hits that it has not reached
    are still in that order.
    """
    if result.complete:
        return []
    reranked = sum(hit.looked_at for hit in result.hits)
    remaining = [hit.photo.id for hit in result.hits if not hit.looked_at]
    return remaining[: max(0, result.to_look_at - reranked)]


class SearchController(QObject):
    """Runs one search at a time; results of any but the newest search are dropped.

    Attributes:
        query: the current query; None if all photos are shown.
        result: the newest result of the current query.
        verify: how many of the first hits of a new query are reranked.

    Signals:
        started(ShownQuery): the search of a new query has begun.
        repeated(ShownQuery): the search of the current query has begun again; its hits stay shown.
        updated(ShownQuery, SearchResult): hits to show; not ``complete`` while more are coming.
        catching_up(ShownQuery, SearchResult): a partial result of a repeated search with fewer
            verdicts than the hits on show; it is not to be shown.
        failed(ShownQuery, error): the search has ended without a result.
        cleared(): there is no query any more.
    """

    started = Signal(object)
    repeated = Signal(object)
    catching_up = Signal(object, object)
    updated = Signal(object, object)
    failed = Signal(object, object)
    cleared = Signal()

    def __init__(self, library: Library, jobs: JobWatcher, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library, self._jobs = library, jobs
        self._typed = ""
        self._typing_pause = QTimer(self)
        self._typing_pause.setSingleShot(True)
        self._typing_pause.setInterval(TYPING_PAUSE_MS)
        self._typing_pause.timeout.connect(self._search_typed)
        self._newest_id = QueryId(0)
        self._running: WatchedJob | None = None
        self.query: ShownQuery | None = None
        self.result: SearchResult | None = None
        self.verify = self._last_verify = 0

    def typed(self, text: str) -> None:
        """The text of the search field has changed; a search follows after a pause in typing."""
        self._typed = " ".join(text.split())
        if not self._typed:
            self.clear()
        else:
            self._typing_pause.start()

    def submit(self, text: str) -> None:
        """Search at once."""
        self._typed = " ".join(text.split())
        if self._typed:
            self._search(ShownQuery(text=self._typed))
        else:
            self.clear()

    def find_similar(self, hit: SearchHit) -> None:
        """Search for regions similar to the hit's region."""
        self._search(ShownQuery(like=hit))

    def repeat(self) -> None:
        """Search for the current query again, because the library has changed."""
        first_result_pending = self._running is not None and self.result is None
        if self.query is not None and not first_result_pending:
            self._search(self.query, self._last_verify, again=True)

    def show_meanwhile(self, result: SearchResult) -> None:
        """Show what the next ``repeat`` will find. The running search, which does not know it yet,
        is cancelled."""
        self._cancel_running()
        self.publish(result)

    def rerank(self, verify: int) -> None:
        """Search for the current query again, with another number of hits to rerank.

        If another query has been typed meanwhile, search for that instead, with the number for new
        queries.
        """
        if self._typing_pause.isActive() and self._typed_another():
            self._search_typed()
        elif self.query is not None:
            self._search(self.query, verify, again=True)

    def stop_reranking(self) -> None:
        """Cancel reranking; the hits stay, with the verdicts that have come so far."""
        if self._running is None or self.result is None or self.query is None:
            return
        self._cancel_running()
        self._last_verify = self.result.looked_at  # repeating does not begin the rest again
        self.publish(replace(self.result, complete=True, note=""))

    def clear(self) -> None:
        """Cancel the search and drop the query."""
        self._stop()
        self.result = None
        if self.query is not None:
            self.query = None
            self.cleared.emit()

    def _search_typed(self) -> None:
        if self._typed_another():
            self._search(ShownQuery(text=self._typed))

    def _typed_another(self) -> bool:
        current = self.query.text if self.query is not None else None
        return len(self._typed) >= SHORTEST_TYPED and self._typed != current

    def _stop(self) -> None:
        self._typing_pause.stop()
        self._cancel_running()

    def _cancel_running(self) -> None:
        """Cancel the running job; results that still arrive no longer have the newest id."""
        self._newest_id = QueryId(self._newest_id + 1)
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def _search(self, query: ShownQuery, verify: int | None = None, *, again: bool = False) -> None:
        self._stop()
        again = again and self.result is not None
        if not again:
            self.result = None
        self._last_verify = self.verify if verify is None else verify
        self.query = query
        (self.repeated if again else self.started).emit(query)
        receiver = _ResultReceiver(self, self._newest_id, self.result)
        job = self._library.search.start(query.request(self._last_verify))
        self._running = self._jobs.watch(job, fast=True)
        self._running.partial.connect(receiver.receive_partial)
        self._running.succeeded.connect(receiver.receive_final)
        self._running.failed.connect(receiver.receive_error)
        self._running.cancelled.connect(receiver.deleteLater)

    def is_newest(self, query_id: QueryId) -> bool:
        """Whether no search has been started or cancelled since the one with this id."""
        return query_id == self._newest_id

    def job_ended(self) -> None:
        """The job of the newest search has ended by itself."""
        self._running = None

    def publish(self, result: SearchResult) -> None:
        """Make a result the current one and emit it."""
        self.result = result
        self.updated.emit(self.query, result)


class _ResultReceiver(QObject):
    """Receives the results of one search and passes them on while that search is the newest.

    Args:
        shown: the result on show for the same query; None for a new query. Partial results with
            fewer verdicts are not passed on as updates: the first stage, and verdicts that come
            again from the cache one by one, would only reorder the hits back and forth.
    """

    def __init__(
        self, owner: SearchController, query_id: QueryId, shown: SearchResult | None
    ) -> None:
        super().__init__(owner)
        self._owner, self._query_id, self._shown = owner, query_id, shown

    def receive_partial(self, result: SearchResult) -> None:
        """Pass on a partial result as an update or as ``catching_up``."""
        if not self._owner.is_newest(self._query_id):
            return
        if self._shown is None or self._has_caught_up(result, self._shown):
            self._owner.publish(result)
        else:
            self._owner.catching_up.emit(self._owner.query, result)

    def receive_final(self, result: SearchResult) -> None:
        """Pass on the final result."""
        if self._owner.is_newest(self._query_id):
            self._owner.job_ended()
            self._owner.publish(result)
        self.deleteLater()

    def receive_error(self, error: BaseException) -> None:
        """Pass on the error that ended the search."""
        if self._owner.is_newest(self._query_id):
            self._owner.job_ended()
            self._owner.failed.emit(self._owner.query, error)
        self.deleteLater()

    @staticmethod
    def _has_caught_up(result: SearchResult, shown: SearchResult) -> bool:
        if not result.to_look_at:
            return False
        if {hit.photo.id for hit in result.hits} != {hit.photo.id for hit in shown.hits}:
            return True  # the library has changed meanwhile
        return result.looked_at >= min(shown.looked_at, result.to_look_at)

"""Searches: when they start, and whose answers still count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.bridge.job_watcher import JobWatcher, WatchedJob
from engine.records import PhotoId, QueryId, SearchHit, SearchRequest, SearchResult

if TYPE_CHECKING:
    from engine.library import Library

PAUSE_MS = 250
"""Typing rests this long before it becomes a search."""
SHORTEST_TYPED = 2
HITS = 120
VERIFIED = 8
"""Hits that get a closer look if one is wanted."""


@dataclass(frozen=True)
class Query:
    """What the window is showing hits for: words, or a thing in a photo."""

    text: str = ""
    like: SearchHit | None = None

    def request(self, verify: int = 0) -> SearchRequest:
        """Args:
        verify: how many of the first hits get a closer look.
        """
        if self.like is not None and self.like.region is not None:
            return SearchRequest(like_region=self.like.region.id, limit=HITS, verify=verify)
        return SearchRequest(text=self.text, limit=HITS, verify=verify)


def waiting(result: SearchResult) -> list[PhotoId]:
    """The hits that a closer look is still to come to: it goes through them in the order of
    stage one, which those that have not been looked at keep."""
    if result.complete:
        return []
    looked_at = sum(hit.looked_at for hit in result.hits)
    others = [hit.photo.id for hit in result.hits if not hit.looked_at]
    return others[: max(0, result.to_look_at - looked_at)]


class SearchController(QObject):
    """Latest wins: an answer to anything but the newest query is dropped.

    Attributes:
        query: what is searched for; None if nothing is.
        result: the newest that has come for it.
        verify: how many of the first hits of a new query get a closer look.

    Signals:
        started(Query): a search has begun.
        resumed(Query): the same query again; its hits stay until there are better ones.
        updated(Query, SearchResult): hits; ``complete`` says whether more is coming.
        waited(Query, SearchResult): hits that are behind those on show, not to be shown.
        failed(Query, error): it ended without an answer.
        cleared(): there is no query any more.
    """

    started = Signal(object)
    resumed = Signal(object)
    waited = Signal(object, object)
    updated = Signal(object, object)
    failed = Signal(object, object)
    cleared = Signal()

    def __init__(self, library: Library, jobs: JobWatcher, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library, self._jobs = library, jobs
        self._typed = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._search_typed)
        self._newest = QueryId(0)
        self._running: WatchedJob | None = None
        self.query: Query | None = None
        self.result: SearchResult | None = None
        self.verify = self._last_verify = 0

    def typed(self, text: str) -> None:
        """The field changed; a search follows when typing rests."""
        self._typed = " ".join(text.split())
        if not self._typed:
            self.clear()
        else:
            self._pause.start()

    def submit(self, text: str) -> None:
        """Search at once."""
        self._typed = " ".join(text.split())
        if self._typed:
            self._search(Query(text=self._typed))
        else:
            self.clear()

    def find_alike(self, hit: SearchHit) -> None:
        """Search for things like the hit's region."""
        self._search(Query(like=hit))

    def repeat(self) -> None:
        """The same query again, because the library has changed."""
        first_hits_come = self._running is not None and self.result is None
        if self.query is not None and not first_hits_come:
            self._search(self.query, self._last_verify, again=True)

    def look(self, verify: int) -> None:
        """The same query again, at once, with another number of hits looked at; or what has been
        typed meanwhile, with the number for new queries."""
        if self._pause.isActive() and self._typed_another():
            self._search_typed()
        elif self.query is not None:
            self._search(self.query, verify, again=True)

    def stop_looking(self) -> None:
        """End the closer look; the hits stay, with the verdicts that there are."""
        if self._running is None or self.result is None or self.query is None:
            return
        self._drop()
        self.take(replace(self.result, complete=True, note=""))

    def clear(self) -> None:
        self._stop()
        self.result = None
        if self.query is not None:
            self.query = None
            self.cleared.emit()

    def _search_typed(self) -> None:
        if self._typed_another():
            self._search(Query(text=self._typed))

    def _typed_another(self) -> bool:
        shown = self.query.text if self.query is not None else None
        return len(self._typed) >= SHORTEST_TYPED and self._typed != shown

    def _stop(self) -> None:
        self._pause.stop()
        self._drop()

    def _drop(self) -> None:
        """What is still coming is no longer wanted."""
        self._newest = QueryId(self._newest + 1)
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def _search(self, query: Query, verify: int | None = None, *, again: bool = False) -> None:
        self._stop()
        again = again and self.result is not None
        if not again:
            self.result = None
        self._last_verify = self.verify if verify is None else verify
        self.query = query
        (self.resumed if again else self.started).emit(query)
        answer = _Answer(self, self._newest, self.result)
        job = self._library.search.start(query.request(self._last_verify))
        self._running = self._jobs.watch(job, fast=True)
        self._running.partial.connect(answer.take)
        self._running.succeeded.connect(answer.finish)
        self._running.failed.connect(answer.fail)
        self._running.cancelled.connect(answer.deleteLater)

    def is_newest(self, query_id: QueryId) -> bool:
        return query_id == self._newest

    def ended(self) -> None:
        self._running = None

    def take(self, result: SearchResult) -> None:
        self.result = result
        self.updated.emit(self.query, result)


class _Answer(QObject):
    """Receives what comes for one query and lets it through only while that is the newest.

    Args:
        before: what is on show for the same query. The stage before the closer look, and looks
            that are remembered and come again one by one, would only shuffle it.
    """

    def __init__(
        self, owner: SearchController, query_id: QueryId, before: SearchResult | None
    ) -> None:
        super().__init__(owner)
        self._owner, self._query_id, self._before = owner, query_id, before

    def take(self, result: SearchResult) -> None:
        if not self._owner.is_newest(self._query_id):
            return
        if self._before is None or self._is_newer(result, self._before):
            self._owner.take(result)
        else:
            self._owner.waited.emit(self._owner.query, result)

    def finish(self, result: SearchResult) -> None:
        if self._owner.is_newest(self._query_id):
            self._owner.ended()
            self._owner.take(result)
        self.deleteLater()

    def fail(self, error) -> None:
        if self._owner.is_newest(self._query_id):
            self._owner.ended()
            self._owner.failed.emit(self._owner.query, error)
        self.deleteLater()

    @staticmethod
    def _is_newer(result: SearchResult, before: SearchResult) -> bool:
        if not result.to_look_at:
            return False
        if {hit.photo.id for hit in result.hits} != {hit.photo.id for hit in before.hits}:
            return True  # the library has changed meanwhile
        return result.looked_at >= min(before.looked_at, result.to_look_at)

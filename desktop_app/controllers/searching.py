"""Searches: when they start, and whose answers still count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.bridge.job_watcher import JobWatcher, WatchedJob
from engine.records import QueryId, SearchHit, SearchRequest

if TYPE_CHECKING:
    from engine.library import Library

PAUSE_MS = 250
"""Typing rests this long before it becomes a search."""
SHORTEST_TYPED = 2
HITS = 120
VERIFIED = 8
"""Hits that a slow verifier looks at; a free one looks at all."""


@dataclass(frozen=True)
class Query:
    """What the window is showing hits for: words, or a thing in a photo."""

    text: str = ""
    like: SearchHit | None = None

    def request(self) -> SearchRequest:
        if self.like is not None and self.like.region is not None:
            return SearchRequest(like_region=self.like.region.id, limit=HITS)
        return SearchRequest(text=self.text, limit=HITS, verify=VERIFIED)


class SearchController(QObject):
    """Latest wins: an answer to anything but the newest query is dropped.

    Signals:
        started(Query): a search has begun.
        updated(Query, SearchResult): hits; ``complete`` says whether more is coming.
        failed(Query, error): it ended without an answer.
        cleared(): there is no query any more.
    """

    started = Signal(object)
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
        if self.query is not None and self._running is None:
            self._search(self.query)

    def clear(self) -> None:
        self._stop()
        if self.query is not None:
            self.query = None
            self.cleared.emit()

    def _search_typed(self) -> None:
        if len(self._typed) >= SHORTEST_TYPED and self._typed != (self.query and self.query.text):
            self._search(Query(text=self._typed))

    def _stop(self) -> None:
        self._pause.stop()
        self._newest = QueryId(self._newest + 1)
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def _search(self, query: Query) -> None:
        self._stop()
        self.query = query
        self.started.emit(query)
        answer = _Answer(self, self._newest, query)
        self._running = self._jobs.watch(self._library.search(query.request()), fast=True)
        self._running.partial.connect(answer.take)
        self._running.succeeded.connect(answer.finish)
        self._running.failed.connect(answer.fail)

    def is_newest(self, query_id: QueryId) -> bool:
        return query_id == self._newest

    def ended(self) -> None:
        self._running = None


class _Answer(QObject):
    """Receives what comes for one query and lets it through only while that is the newest."""

    def __init__(self, owner: SearchController, query_id: QueryId, query: Query) -> None:
        super().__init__(owner)
        self._owner, self._query_id, self._query = owner, query_id, query

    def take(self, result) -> None:
        if self._owner.is_newest(self._query_id):
            self._owner.updated.emit(self._query, result)

    def finish(self, result) -> None:
        if self._owner.is_newest(self._query_id):
            self._owner.ended()
            self._owner.updated.emit(self._query, result)
        self.deleteLater()

    def fail(self, error) -> None:
        if self._owner.is_newest(self._query_id):
            self._owner.ended()
            self._owner.failed.emit(self._query, error)
        self.deleteLater()

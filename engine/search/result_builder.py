"""The results of one request as they come about, and how long that has taken."""

from __future__ import annotations

import time
from collections.abc import Sequence

from engine.errors import EngineError
from engine.records import SearchHit, SearchRequest, SearchResult


class Answer:
    """Makes one result after the other, each more complete. Used by the search lane.

    Attributes:
        request: what is answered.
        note: what every result says from now on.
        reranker, to_look_at, looked_at: as in ``SearchResult``.
    """

    def __init__(self, request: SearchRequest, profile: str) -> None:
        self.note = ""
        self.reranker = ""
        self.to_look_at = 0
        self.looked_at = 0
        self.request = request
        self._profile = profile
        self._started_s = time.perf_counter()

    def without_verdict(self, failed: Sequence[EngineError]) -> str:
        """What is said of photos that could not be judged; nothing if all could."""
        if not failed:
            return ""
        photos = "One photo" if len(failed) == 1 else f"{len(failed)} photos"
        return f"{photos} could not be looked at more closely: {failed[0].message}"

    def result(
        self, hits: Sequence[SearchHit], *, note: str = "", complete: bool = True
    ) -> SearchResult:
        """Args:
        note: said after the answer's own.
        """
        return SearchResult(
            self.request,
            self._profile,
            tuple(hits),
            took_ms=(time.perf_counter() - self._started_s) * 1000,
            complete=complete,
            note=" ".join(filter(None, (self.note, note))),
            reranker=self.reranker,
            to_look_at=self.to_look_at,
            looked_at=self.looked_at,
        )

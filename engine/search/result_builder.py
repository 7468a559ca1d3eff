"""Builds the partial and final results of one search."""

from __future__ import annotations

import time
from collections.abc import Sequence

from engine.errors import EngineError
from engine.records import QueryPlan, SearchHit, SearchRequest, SearchResult
from engine.search.judgements import Judged


class ResultBuilder:
    """Builds results that share their request, profile and start time. Search lane only.

    Attributes:
        note: of every result from now on.
        plan, reranker, to_look_at, looked_at: as in ``SearchResult``.
        judged: what people said of hits of this query; it goes before any verdict.
    """

    def __init__(self, request: SearchRequest, profile: str) -> None:
        self.note = ""
        self.plan: QueryPlan | None = None
        self.judged = Judged()
        self.reranker = ""
        self.to_look_at = 0
        self.looked_at = 0
        self.request = request
        self._profile = profile
        self._started_s = time.perf_counter()

    def add_note(self, note: str) -> None:
        """Append a sentence to the note of every result from now on."""
        self.note = " ".join(filter(None, (self.note, note)))

    @staticmethod
    def failure_note(failed: Sequence[EngineError]) -> str:
        """Note about photos that could not be verified; empty if all could."""
        if not failed:
            return ""
        photos = "One photo" if len(failed) == 1 else f"{len(failed)} photos"
        return f"{photos} could not be looked at more closely: {failed[0].message}"

    def result(
        self, hits: Sequence[SearchHit], *, note: str = "", complete: bool = True
    ) -> SearchResult:
        """A result with these hits.

        Args:
            note: appended to the builder's own.
        """
        return SearchResult(
            self.request,
            self._profile,
            self.judged.apply(hits),
            took_ms=(time.perf_counter() - self._started_s) * 1000,
            complete=complete,
            note=" ".join(filter(None, (self.note, note))),
            reranker=self.reranker,
            to_look_at=self.to_look_at,
            looked_at=self.looked_at,
            plan=self.plan,
        )

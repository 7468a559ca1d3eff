"""Reranking: the first hits are verified in turn, and each verdict is published at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from engine.errors import EngineError, RerankerUnavailable
from engine.jobs import JobContext, Progress
from engine.records import SearchHit, SearchResult
from engine.scoring.reranker import Reranker
from engine.scoring.verifier import Candidate
from engine.search import ranking
from engine.search.box_outlines import BoxOutlines
from engine.search.result_builder import ResultBuilder

log = logging.getLogger(__name__)


def rerank(
    reranker: Reranker,
    text: str,
    hits: Sequence[SearchHit],
    candidates: Sequence[Candidate],
    outlines: BoxOutlines,
    results: ResultBuilder,
    context: JobContext,
) -> SearchResult:
    """The hits with the reranker's verdicts on the first ``request.verify`` of them, reordered.

    A failure costs verdicts, never hits; a note says so. Partial results are published before the
    first verdict, after each one, when a box got an outline, and when a wait has to be explained.
    Runs in the search lane.

    Args:
        hits: in the order of the first stage, with the verdicts of the profile's own verifier;
            ``candidates`` are the first of them, at least ``request.verify`` if there are so many,
            in the same order.
        outlines: makes masks for boxes that no stored mask fits.

    Raises:
        Cancelled: by a newer search.
    """
    publisher = _Publisher(results, context, list(hits))
    info = reranker.info()
    if not info.available:
        return publisher.abandoned(info.problem, info.hint)
    results.reranker = info.title
    results.to_look_at = min(results.request.verify, len(hits))
    publisher.publish()
    failed: list[EngineError] = []
    try:
        verifier = reranker.verifier(context, publisher.publish)
        for i in range(results.to_look_at):
            context.cancel.raise_if_set()
            context.report(Progress("Looking closer", i, results.to_look_at))
            try:
                verification = verifier.verify(text, candidates[i], context.cancel)
            except RerankerUnavailable:
                raise
            except EngineError as error:
                log.info("no verdict for %s: %s", hits[i].photo.path, error)
                failed.append(error)
                publisher.hits[i] = replace(publisher.hits[i], reason=error.message)
            else:
                publisher.hits[i] = ranking.with_verification(
                    hits[i], verifier, verification, candidates[i]
                )
            results.looked_at = i + 1
            publisher.publish()
            outlined = outlines.with_region(publisher.hits[i], context.cancel)
            if outlined is not publisher.hits[i]:  # published again: the verdict did not wait
                publisher.hits[i] = outlined
                publisher.publish()
    except RerankerUnavailable as error:
        log.info("no second look: %s", error)
        return publisher.abandoned(error.message, error.hint)
    context.report(Progress("Looking closer", results.to_look_at, results.to_look_at))
    return publisher.finished(failed)


class _Publisher:
    """Publishes the hits as they are now, in their order."""

    def __init__(self, results: ResultBuilder, context: JobContext, hits: list[SearchHit]) -> None:
        self.hits = hits
        self._results, self._context = results, context

    def publish(self, note: str = "") -> None:
        """Publish a partial result; ``note`` explains a wait."""
        self._context.publish(self._result(note, complete=False))

    def abandoned(self, problem: str, hint: str | None) -> SearchResult:
        """The final result when no more verdicts can be had."""
        return self._result(" ".join(filter(None, (problem, hint))))

    def finished(self, failed: Sequence[EngineError]) -> SearchResult:
        """The final result after all verdicts; ``failed``: photos without one."""
        return self._result(self._results.failure_note(failed))

    def _result(self, note: str, complete: bool = True) -> SearchResult:
        return self._results.result(ranking.reordered(self.hits), note=note, complete=complete)

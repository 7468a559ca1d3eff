"""Stage two: the first hits are looked at one after the other, and each verdict shows at once."""

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
from engine.search.result_builder import Answer

log = logging.getLogger(__name__)


def rerank(
    reranker: Reranker,
    text: str,
    hits: Sequence[SearchHit],
    candidates: Sequence[Candidate],
    outlines: BoxOutlines,
    answer: Answer,
    context: JobContext,
) -> SearchResult:
    """The hits with what the second look says of as many of the first as were asked for.

    Whatever goes wrong with it costs verdicts, never hits: a note says so. Partial results are
    published before it begins, after every photo, again when something that was pointed at got an
    outline, and whenever there is something to say of a wait. Runs in the search lane.

    Args:
        hits: in the order of stage one, with the verdicts there are; ``candidates`` in the same.

    Raises:
        Cancelled: by a newer search.
    """
    stage = _Publisher(answer, context, list(hits))
    info = reranker.info()
    if not info.available:
        return stage.given_up(info.problem, info.hint)
    answer.reranker = info.title
    answer.to_look_at = min(answer.request.verify, len(hits))
    stage.say("")
    failed: list[EngineError] = []
    try:
        verifier = reranker.verifier(context, stage.say)
        for i in range(answer.to_look_at):
            context.cancel.raise_if_set()
            context.report(Progress("Looking closer", i, answer.to_look_at))
            try:
                found = verifier.verify(text, candidates[i], context.cancel)
            except RerankerUnavailable:
                raise
            except EngineError as error:
                log.info("no verdict for %s: %s", hits[i].photo.path, error)
                failed.append(error)
                stage.hits[i] = replace(stage.hits[i], reason=error.message)
            else:
                stage.hits[i] = ranking.with_verification(hits[i], verifier, found, candidates[i])
            answer.looked_at = i + 1
            stage.say("")
            outlined = outlines.outlined(stage.hits[i], context.cancel)
            if outlined is not stage.hits[i]:  # the verdict did not wait for it
                stage.hits[i] = outlined
                stage.say("")
    except RerankerUnavailable as error:
        log.info("no second look: %s", error)
        return stage.given_up(error.message, error.hint)
    context.report(Progress("Looking closer", answer.to_look_at, answer.to_look_at))
    return stage.done(failed)


class _Publisher:
    """What is published while it goes on."""

    def __init__(self, answer: Answer, context: JobContext, hits: list[SearchHit]) -> None:
        self.hits = hits
        self._answer, self._context = answer, context

    def say(self, words: str) -> None:
        """Publish how things stand; ``words`` are about the wait."""
        self._context.publish(self._result(words, complete=False))

    def given_up(self, problem: str, hint: str | None) -> SearchResult:
        """The end, without verdicts that are still missing."""
        return self._result(" ".join(filter(None, (problem, hint))))

    def done(self, failed: Sequence[EngineError]) -> SearchResult:
        return self._result(self._answer.without_verdict(failed))

    def _result(self, note: str, complete: bool = True) -> SearchResult:
        return self._answer.result(ranking.reordered(self.hits), note=note, complete=complete)

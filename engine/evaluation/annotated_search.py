"""Searches an annotated library and pairs each hit with the annotations of its photo."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from engine.evaluation import mask_overlap, metrics
from engine.evaluation.coco_truth import CocoTruth, TruthPhoto
from engine.jobs import Job, Progress
from engine.library import Library
from engine.records import Photo, SearchHit, SearchRequest, Verdict

T = TypeVar("T")
RANKS = 50
"""Only the first so many photos of a ranking enter the figures."""


class ProgressListener(Protocol):
    """Gets the progress of an evaluation or a benchmark. Called in the caller's thread."""

    def follow(self, job: Job[T]) -> T:
        """Wait for a job and show its progress; return its result or raise its error."""
        ...

    def report(self, progress: Progress) -> None:
        """Show the progress of work that is not a job."""
        ...


def truth_index(photo: Photo) -> int:
    """The photo's index in ``CocoTruth.photos``, which its file name begins with."""
    return int(photo.path.name.partition("-")[0])


@dataclass(frozen=True, slots=True)
class Ranking:
    """The hits of one query.

    Attributes:
        hits: best first.
        photos: the annotated photo of each hit, same order.
        took_ms: from the start of the search to its last verdict.
    """

    text: str
    hits: tuple[SearchHit, ...]
    photos: tuple[TruthPhoto, ...]
    took_ms: float

    def found(self) -> list[tuple[int, SearchHit]]:
        """Every photo found, best first: its index in ``CocoTruth.photos`` and the hit that shows
        it. Photos folded into a hit follow the hit's own photo."""
        return [
            (truth_index(photo), hit) for hit in self.hits for photo in (hit.photo, *hit.similar)
        ]

    def relevance(self, category_id: int) -> list[bool]:
        """For each hit, whether its photo holds the category."""
        return [photo.holds(category_id) for photo in self.photos]

    def mask_relevance(self, category_id: int) -> list[bool]:
        """Whether the mask of each of the first ``RANKS`` hits matches a thing of the category."""
        pairs = list(zip(self.hits, self.photos, strict=True))[:RANKS]
        return [
            mask_overlap.matches_category(hit.region, photo, category_id) for hit, photo in pairs
        ]

    def verdicts(self, first: int) -> list[Verdict]:
        """Verdicts of the first hits, without those that were not verified."""
        verdicts = [hit.verdict for hit in self.hits[:first]]
        return [verdict for verdict in verdicts if verdict is not Verdict.UNVERIFIED]


class AnnotatedSearch:
    """Searches one library. Used by one thread, which it blocks.

    Args:
        library: holds the photos of ``truth``; each file name begins with the photo's index in
            ``truth.photos`` and a dash.
        verify: hits of each query that the reranker verifies; 0 for none.
    """

    def __init__(
        self, library: Library, truth: CocoTruth, verify: int, listener: ProgressListener
    ) -> None:
        self.truth = truth
        self._library = library
        self._verify = verify
        self._listener = listener

    def without_reranking(self) -> AnnotatedSearch:
        """The same searches without the reranker."""
        return AnnotatedSearch(self._library, self.truth, 0, self._listener)

    def search_all(self, texts: Sequence[str], stage: str) -> list[Ranking]:
        """Search for each text; the rankings in the same order.

        Args:
            stage: shown as the stage of the progress.

        Raises:
            Exception: whatever a search raised.
        """
        rankings = []
        for done, text in enumerate(texts):
            self._listener.report(Progress(stage, done, len(texts), current=text))
            rankings.append(self._search(text))
        self._listener.report(Progress(stage, len(texts), len(texts)))
        return rankings

    def _search(self, text: str) -> Ranking:
        limit = max(RANKS, len(self.truth.photos))
        request = SearchRequest(text=text, limit=limit, verify=self._verify)
        started_s = time.perf_counter()
        result = self._listener.follow(self._library.search.start(request))
        took_ms = (time.perf_counter() - started_s) * 1000
        photos = tuple(self.truth.photos[truth_index(hit.photo)] for hit in result.hits)
        return Ranking(text, result.hits, photos, took_ms)

    def image_ap(self, ranking: Ranking, category_id: int) -> float:
        """AP@50 where a hit is relevant if its photo holds the category."""
        total = self.truth.photos_with(category_id)
        return metrics.average_precision_at(ranking.relevance(category_id), total, RANKS)

    def object_ap(self, ranking: Ranking, category_id: int) -> float:
        """AP@50 where a hit is relevant if its mask matches a thing of the category."""
        total = self.truth.photos_with(category_id)
        return metrics.average_precision_at(ranking.mask_relevance(category_id), total, RANKS)

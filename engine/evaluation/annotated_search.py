"""Searches through the product's own path, with what is truly in each photo of the answer."""

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
"""Photos of a ranking that count."""


class ProgressListener(Protocol):
    """Whoever waits for the evaluation."""

    def follow(self, job: Job[T]) -> T:
        """Wait for a job, showing its progress; return its result or raise its error."""
        ...

    def report(self, progress: Progress) -> None:
        """Show how far the queries are."""
        ...


def truth_index(photo: Photo) -> int:
    """The photo's place in the truth, which its file name is led by."""
    return int(photo.path.name.partition("-")[0])


@dataclass(frozen=True, slots=True)
class Ranking:
    """The answer to one query.

    Attributes:
        photos: what is truly in the photo of each hit.
        took_ms: from asking to the last verdict.
    """

    text: str
    hits: tuple[SearchHit, ...]
    photos: tuple[TruthPhoto, ...]
    took_ms: float

    def shown(self, category_id: int) -> list[bool]:
        """Per hit, whether its photo holds the category."""
        return [photo.holds(category_id) for photo in self.photos]

    def outlined(self, category_id: int) -> list[bool]:
        """Per hit of the first ``RANKS``, whether its mask lies on a thing of the category."""
        pairs = list(zip(self.hits, self.photos, strict=True))[:RANKS]
        return [
            mask_overlap.matches_category(hit.region, photo, category_id) for hit, photo in pairs
        ]

    def verdicts(self, first: int) -> list[Verdict]:
        """Of the first hits; those that were not looked at are left out."""
        said = [hit.verdict for hit in self.hits[:first]]
        return [verdict for verdict in said if verdict is not Verdict.UNVERIFIED]


class AnnotatedSearch:
    """Asks one library. Used by one thread, which it blocks.

    Args:
        library: holds the photos of ``truth``, each file name led by its place and a dash.
        verify: hits of each query that the second look looks at.
    """

    def __init__(
        self, library: Library, truth: CocoTruth, verify: int, listener: ProgressListener
    ) -> None:
        self.truth = truth
        self._library = library
        self._verify = verify
        self._listener = listener

    def without_reranking(self) -> AnnotatedSearch:
        """The same, answered by stage one alone."""
        return AnnotatedSearch(self._library, self.truth, 0, self._listener)

    def search_all(self, texts: Sequence[str], stage: str) -> list[Ranking]:
        """The answers in the same order; ``stage`` is what the progress says.

        Raises:
            Exception: whatever a search raised.
        """
        rankings = []
        for done, text in enumerate(texts):
            self._listener.report(Progress(stage, done, len(texts), current=text))
            rankings.append(self._ask(text))
        self._listener.report(Progress(stage, len(texts), len(texts)))
        return rankings

    def _ask(self, text: str) -> Ranking:
        limit = max(RANKS, len(self.truth.photos))
        request = SearchRequest(text=text, limit=limit, verify=self._verify)
        started_s = time.perf_counter()
        result = self._listener.follow(self._library.search.start(request))
        took_ms = (time.perf_counter() - started_s) * 1000
        photos = tuple(self.truth.photos[truth_index(hit.photo)] for hit in result.hits)
        return Ranking(text, result.hits, photos, took_ms)

    def image_ap(self, ranking: Ranking, category_id: int) -> float:
        """AP@50 of the photos that hold the category."""
        total = self.truth.photos_with(category_id)
        return metrics.average_precision_at(ranking.shown(category_id), total, RANKS)

    def object_ap(self, ranking: Ranking, category_id: int) -> float:
        """The same, where a hit counts only if its mask lies on a thing of the category."""
        total = self.truth.photos_with(category_id)
        return metrics.average_precision_at(ranking.outlined(category_id), total, RANKS)

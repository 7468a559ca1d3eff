"""Answers a request: stage one at once, then verdicts as they come. Runs in the search lane."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.embeddings.embedder import TextEmbedder
from engine.errors import EngineError
from engine.index.vector_index import VectorIndex
from engine.jobs import JobContext, Progress
from engine.profiles import Profile
from engine.records import Photo, Region, RegionId, SearchHit, SearchRequest, SearchResult
from engine.search import candidates, ranking
from engine.search.evidence import EvidenceCache
from engine.search.query import Query, resolve
from engine.search.ranking import LikenessScorer, RankedPhoto
from engine.search.scorer import PhotoScorer
from engine.search.verifier import Candidate, Verifier
from engine.store.store import Store

log = logging.getLogger(__name__)

ReadRgb = Callable[[Photo, int], np.ndarray]
"""The upright photo, longest side at most so many pixels: uint8 (H, W, 3)."""

_INCOMPLETE = "The search index is being made again; some photos are missing until it is done."
_NO_WORDS = "The models know none of these words."


class SearchService:
    """Loads what it needs with the first search, or before. Used by the search lane; ``load`` is
    for any thread."""

    def __init__(
        self, store: Store, index: VectorIndex, profile: Profile, read_rgb: ReadRgb
    ) -> None:
        self._store = store
        self._index = index
        self._profile = profile
        self._read_rgb = read_rgb
        self._cache = EvidenceCache(store.regions, index.profile_id)
        self._loaded_text: TextEmbedder | None = None
        self._loaded_scorer: PhotoScorer | None = None
        self._loaded_verifier: Verifier | None = None
        self._loading = threading.RLock()

    def load(self) -> None:
        """Load the models and the index before this service has its first search.

        Raises:
            ModelMissing, ModelBroken: the models cannot answer.
        """
        with self._loading:
            self._text_embedder().embed(["photo"])
            self._scorer()
            self._verifier()
        self._index.refresh()

    def warm_up(self, context: JobContext) -> None:
        """Load the models of the search lane and the index, so that the first query is fast."""
        context.report(Progress("Getting ready to search"))
        self._text_embedder().embed(["photo"])
        context.cancel.raise_if_set()
        self._scorer()
        self._verifier()
        context.cancel.raise_if_set()
        self._index.refresh()
        few = self._store.photos.searchable_ids(
            self._index.profile_id, frozenset(), candidates.ALL_PHOTOS
        )
        self._cache.rows(few or [])

    def search(self, request: SearchRequest, context: JobContext) -> SearchResult:
        """Publishes a partial result after stage one, and after every slow verdict.

        Raises:
            Cancelled: by a newer search.
            BadRequest, ModelMissing, ModelBroken: as the names say.
        """
        answer = _Answer(request, self._profile.name)
        context.report(Progress("Searching"))
        query = resolve(
            request, self._text_embedder, self._store.regions, self._index.profile_id
        )
        context.cancel.raise_if_set()
        if query.vector is None:
            return answer.result((), note=_NO_WORDS)
        matches, complete = self._stage_one(query, context)
        note = " ".join(filter(None, (query.remark, "" if complete else _INCOMPLETE)))
        hits = [_hit(match) for match in matches]
        context.publish(answer.result(hits, note=note, complete=False))
        verifier = self._verifier() if query.text else None
        count = _verified_count(request, verifier, len(hits))
        if not count:
            return answer.result(hits, note=note)
        failed = 0
        for i in range(count):
            context.cancel.raise_if_set()
            candidate = self._candidate(matches[i])
            try:
                found = verifier.verify(query.text, candidate, context.cancel)
            except EngineError as error:
                log.info("no verdict for %s: %s", hits[i].photo.path, error)
                failed += 1
            else:
                hits[i] = ranking.with_verification(
                    hits[i], verifier, found, candidate.regions
                )
            if not verifier.free:
                context.report(Progress("Looking closer", i + 1, count))
                context.publish(answer.result(hits, note=note, complete=False))
        if failed:
            photos = "One photo" if failed == 1 else f"{failed} photos"
            note = f"{note} {photos} could not be looked at more closely.".strip()
        # A free verdict is made of what stage one knows already, and stage one was fitted to
        # order by it; only a verifier that looks anew may change the order.
        return answer.result(hits if verifier.free else ranking.reordered(hits, count), note=note)

    def _stage_one(self, query: Query, context: JobContext) -> tuple[list[_Match], bool]:
        found = candidates.find(query, self._store, self._index)
        context.cancel.raise_if_set()
        rows = self._cache.rows(found.photo_ids)
        context.cancel.raise_if_set()
        scorer = LikenessScorer() if query.like_photo is not None else self._scorer()
        ranked = ranking.rank(query, rows, scorer)
        return self._matches(ranked, query.request), found.complete

    def _matches(self, ranked: Sequence[RankedPhoto], request: SearchRequest) -> list[_Match]:
        """What is shown of each photo; one that was deleted this very moment is left out."""
        ids = [item.photo_id for item in ranked]
        photos = self._store.photos.visible(ids, request.folder_ids)
        regions = self._store.regions.of_photos(ids, self._index.profile_id)
        matches = []
        for item in ranked:
            by_id = {region.id: region for region in regions.get(item.photo_id, ())}
            ordered = [by_id.get(RegionId(i)) for i in item.rows.ids.tolist()]
            if item.photo_id in photos and None not in ordered:
                matches.append(_Match(photos[item.photo_id], item, tuple(ordered)))
        return matches

    def _candidate(self, match: _Match) -> Candidate:
        ranked = match.ranked
        return Candidate(
            photo=match.photo,
            regions=match.regions,
            region_scores=ranked.evidence.region_scores,
            whole_score=ranked.evidence.whole_score,
            region_vectors=ranked.rows.vectors,
            whole_vector=ranked.rows.whole,
            best=ranked.region,
            stage_one_score=ranked.score,
            read_rgb=lambda longest_px: self._read_rgb(match.photo, longest_px),
        )

    def _text_embedder(self) -> TextEmbedder:
        with self._loading:
            if self._loaded_text is None:
                self._loaded_text = self._profile.text_embedder()
            return self._loaded_text

    def _scorer(self) -> PhotoScorer:
        with self._loading:
            if self._loaded_scorer is None:
                self._loaded_scorer = self._profile.scorer()
            return self._loaded_scorer

    def _verifier(self) -> Verifier | None:
        with self._loading:
            if self._loaded_verifier is None and self._profile.verifier is not None:
                self._loaded_verifier = self._profile.verifier()
            return self._loaded_verifier


class _Answer:
    """Makes the results of one request, and measures how long it has taken."""

    def __init__(self, request: SearchRequest, profile: str) -> None:
        self._request = request
        self._profile = profile
        self._started_s = time.perf_counter()

    def result(
        self, hits: Sequence[SearchHit], *, note: str = "", complete: bool = True
    ) -> SearchResult:
        took_ms = (time.perf_counter() - self._started_s) * 1000
        return SearchResult(self._request, self._profile, tuple(hits), took_ms, complete, note)


@dataclass(frozen=True)
class _Match:
    """A ranked photo with what is shown of it; ``regions`` in the order of its evidence."""

    photo: Photo
    ranked: RankedPhoto
    regions: tuple[Region, ...]


def _hit(match: _Match) -> SearchHit:
    ranked = match.ranked
    region = None if ranked.region is None else match.regions[ranked.region]
    return SearchHit(match.photo, ranked.score, region, outlined=ranked.rows.outlined)


def _verified_count(request: SearchRequest, verifier: Verifier | None, hits: int) -> int:
    if verifier is None:
        return 0
    return hits if verifier.free else min(request.verify, hits)

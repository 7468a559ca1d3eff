"""Answers a request: stage one at once, then verdicts as they come. Runs in the search lane."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

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
    """Loads what it needs with the first search, or in ``warm_up``. Used by one thread."""

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
        ranked, complete = self._stage_one(query, context)
        note = "" if complete else _INCOMPLETE
        regions = self._regions_of(ranked)
        hits = [_hit(item, of_photo) for item, of_photo in zip(ranked, regions, strict=True)]
        context.publish(answer.result(hits, note=note, complete=False))
        verifier = self._verifier() if query.text else None
        count = _verified_count(request, verifier, len(hits))
        if not count:
            return answer.result(hits, note=note)
        failed = 0
        for i in range(count):
            context.cancel.raise_if_set()
            candidate = self._candidate(ranked[i], regions[i])
            try:
                found = verifier.verify(query.text, candidate, context.cancel)
            except EngineError as error:
                log.info("no verdict for %s: %s", ranked[i].photo.path, error)
                failed += 1
            else:
                hits[i] = ranking.with_verification(hits[i], verifier, found, regions[i])
            if not verifier.free:
                context.report(Progress("Looking closer", i + 1, count))
                context.publish(answer.result(hits, note=note, complete=False))
        if failed:
            photos = "One photo" if failed == 1 else f"{failed} photos"
            note = f"{note} {photos} could not be looked at more closely.".strip()
        # A free verdict is made of what stage one knows already, and stage one was fitted to
        # order by it; only a verifier that looks anew may change the order.
        return answer.result(hits if verifier.free else ranking.reordered(hits, count), note=note)

    def _stage_one(self, query: Query, context: JobContext) -> tuple[list[RankedPhoto], bool]:
        found = candidates.find(query, self._store, self._index)
        context.cancel.raise_if_set()
        rows = self._cache.rows(list(found.photos))
        context.cancel.raise_if_set()
        scorer = LikenessScorer() if query.like_photo is not None else self._scorer()
        return ranking.rank(query, found.photos, rows, scorer), found.complete

    def _regions_of(self, ranked: Sequence[RankedPhoto]) -> list[tuple[Region, ...]]:
        """The regions of each photo in the order of its evidence; a photo deleted meanwhile has
        fewer, and is then shown as a whole."""
        ids = [item.photo.id for item in ranked]
        found = self._store.regions.of_photos(ids, self._index.profile_id)
        ordered = []
        for item in ranked:
            by_id = {region.id: region for region in found.get(item.photo.id, ())}
            of_photo = [by_id.get(RegionId(i)) for i in item.region_ids.tolist()]
            ordered.append(tuple(of_photo) if None not in of_photo else ())
        return ordered

    def _candidate(self, item: RankedPhoto, regions: tuple[Region, ...]) -> Candidate:
        photo = item.photo
        return Candidate(
            photo=photo,
            regions=regions,
            region_scores=item.evidence.region_scores[: len(regions)],
            whole_score=item.evidence.whole_score,
            best=item.score.region if regions else None,
            stage_one_score=item.score.score,
            read_rgb=lambda longest_px: self._read_rgb(photo, longest_px),
        )

    def _text_embedder(self) -> TextEmbedder:
        if self._loaded_text is None:
            self._loaded_text = self._profile.text_embedder()
        return self._loaded_text

    def _scorer(self) -> PhotoScorer:
        if self._loaded_scorer is None:
            self._loaded_scorer = self._profile.scorer()
        return self._loaded_scorer

    def _verifier(self) -> Verifier | None:
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


def _hit(item: RankedPhoto, regions: tuple[Region, ...]) -> SearchHit:
    best = item.score.region
    region = regions[best] if best is not None and regions else None
    return SearchHit(photo=item.photo, score=item.score.score, region=region)


def _verified_count(request: SearchRequest, verifier: Verifier | None, hits: int) -> int:
    if verifier is None:
        return 0
    return hits if verifier.free else min(request.verify, hits)

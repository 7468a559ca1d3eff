"""Answers a request: stage one at once, then verdicts as they come. Runs in the search lane."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.embeddings.embedder import TextEmbedder
from engine.errors import EngineError
from engine.index.vector_index import VectorIndex
from engine.jobs import JobContext, Progress
from engine.profiles.profile import Profile
from engine.records import Photo, Region, RegionId, SearchHit, SearchRequest, SearchResult
from engine.scoring.photo_scorer import PhotoScorer
from engine.scoring.reranker import Reranker
from engine.scoring.verifier import Candidate, Verifier
from engine.search import candidates, ranking
from engine.search.box_outlines import BoxOutlines, OutlineBox
from engine.search.query import Query, resolve
from engine.search.ranking import ExampleScorer, RankedPhoto
from engine.search.region_similarities import RegionCache
from engine.search.rerank import rerank
from engine.search.result_builder import Answer
from engine.store.store import Store

log = logging.getLogger(__name__)

ReadRgb = Callable[[Photo, int], np.ndarray]
"""The upright photo, longest side at most so many pixels: uint8 (H, W, 3)."""

_INCOMPLETE = "The search index is being made again; some photos are missing until it is done."
_NO_WORDS = "The models know none of these words."


class SearchService:
    """Loads what it needs with the first search, or before. Used by the search lane; ``load`` is
    for any thread.

    Args:
        read_rgb: for verifiers that look at pixels.
        outline: for places that a second look points at and no stored mask fits.
    """

    def __init__(
        self,
        store: Store,
        index: VectorIndex,
        profile: Profile,
        read_rgb: ReadRgb,
        reranker: Reranker,
        outline: OutlineBox,
    ) -> None:
        self._store = store
        self._index = index
        self._profile = profile
        self._read_rgb = read_rgb
        self._reranker = reranker
        self._outlines = BoxOutlines(outline)
        self._cache = RegionCache(store.regions, index.profile_id)
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
        """Publishes a partial result after stage one, and after every verdict of a second look.

        Raises:
            Cancelled: by a newer search.
            BadRequest, ModelMissing, ModelBroken: as the names say.
        """
        answer = Answer(request, self._profile.name)
        context.report(Progress("Searching"))
        query = resolve(request, self._text_embedder, self._store.regions, self._index.profile_id)
        context.cancel.raise_if_set()
        if query.vector is None:
            return answer.result((), note=_NO_WORDS)
        matches, complete = self._stage_one(query, context)
        answer.note = " ".join(filter(None, (query.remark, "" if complete else _INCOMPLETE)))
        hits = [_hit(match) for match in matches]
        context.publish(answer.result(hits, complete=False))
        if not query.text:
            return answer.result(hits)
        candidates_of = self._candidates(matches, ranking.z_scores(hits))
        hits = self._quick_verdicts(query.text, hits, candidates_of, answer, context)
        if not request.verify or not hits:
            return answer.result(hits)
        return rerank(
            self._reranker, query.text, hits, candidates_of, self._outlines, answer, context
        )

    def _quick_verdicts(
        self,
        text: str,
        hits: Sequence[SearchHit],
        candidates_of: Sequence[Candidate],
        answer: Answer,
        context: JobContext,
    ) -> list[SearchHit]:
        """What the profile's own verifier says; it is made of what stage one knows already, and
        stage one was fitted to order by it, so the order stays. A failure costs one verdict."""
        verifier = self._verifier()
        if verifier is None:
            return list(hits)
        judged: list[SearchHit] = []
        failed: list[EngineError] = []
        for hit, candidate in zip(hits, candidates_of, strict=True):
            context.cancel.raise_if_set()
            try:
                found = verifier.verify(text, candidate, context.cancel)
            except EngineError as error:
                log.info("no verdict for %s: %s", hit.photo.path, error)
                failed.append(error)
                judged.append(hit)
            else:
                judged.append(ranking.with_verification(hit, verifier, found, candidate))
        answer.note = " ".join(filter(None, (answer.note, answer.without_verdict(failed))))
        return judged

    def _stage_one(self, query: Query, context: JobContext) -> tuple[list[_Match], bool]:
        found = candidates.find(query, self._store, self._index)
        context.cancel.raise_if_set()
        rows = self._cache.rows(found.photo_ids)
        context.cancel.raise_if_set()
        scorer = ExampleScorer() if query.like_photo is not None else self._scorer()
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

    def _candidates(self, matches: Sequence[_Match], z_scores: Sequence[float]) -> list[Candidate]:
        return [
            Candidate(
                photo=match.photo,
                regions=match.regions,
                region_scores=match.ranked.similarities.region_scores,
                whole_score=match.ranked.similarities.whole_score,
                region_vectors=match.ranked.rows.vectors,
                whole_vector=match.ranked.rows.whole,
                best=match.ranked.region,
                stage_one_score=match.ranked.score,
                read_rgb=partial(self._read_rgb, match.photo),
                z_score=z_score,
            )
            for match, z_score in zip(matches, z_scores, strict=True)
        ]

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

"""Runs a search: candidates, ranking, verdicts, reranking. Runs in the search lane."""

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
from engine.search.query import ResolvedQuery, resolve
from engine.search.ranking import ExampleScorer, RankedPhoto
from engine.search.region_similarities import RegionCache
from engine.search.rerank import rerank
from engine.search.result_builder import ResultBuilder
from engine.store.store import Store

log = logging.getLogger(__name__)

ReadRgb = Callable[[Photo, int], np.ndarray]
"""Decodes the upright photo, longest side at most so many pixels: uint8 (H, W, 3)."""

_INCOMPLETE = "The search index is being made again; some photos are missing until it is done."
_NO_WORDS = "The models know none of these words."


class SearchService:
    """Searches with one profile. Models are loaded with the first search, or before by
    ``load_models`` or ``warm_up``. Search lane only; any thread may call ``load_models``.

    Args:
        read_rgb: for verifiers that need pixels.
        outline: makes masks for boxes of the reranker that no stored mask fits.
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

    def load_models(self) -> None:
        """Load the models and the index, before this profile becomes the active one.

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
        """The final result; a partial one is published after the first stage, and after every
        verdict of the reranker.

        Raises:
            Cancelled: by a newer search.
            BadRequest, ModelMissing, ModelBroken: see ``engine.errors``.
        """
        results = ResultBuilder(request, self._profile.name)
        context.report(Progress("Searching"))
        query = resolve(request, self._text_embedder, self._store.regions, self._index.profile_id)
        context.cancel.raise_if_set()
        if query is None:
            return results.result((), note=_NO_WORDS)
        matches, complete = self._first_stage(query, context)
        results.note = " ".join(filter(None, (query.remark, "" if complete else _INCOMPLETE)))
        hits = [_hit(match) for match in matches]
        context.publish(results.result(hits, complete=False))
        if not query.text:
            return results.result(hits)
        candidates_of = self._candidates(matches, ranking.z_scores(hits))
        hits = self._verified(query.text, hits, candidates_of, results, context)
        if not request.verify or not hits:
            return results.result(hits)
        return rerank(
            self._reranker, query.text, hits, candidates_of, self._outlines, results, context
        )

    def _verified(
        self,
        text: str,
        hits: Sequence[SearchHit],
        candidates_of: Sequence[Candidate],
        results: ResultBuilder,
        context: JobContext,
    ) -> list[SearchHit]:
        """The hits with the verdicts of the profile's own verifier.

        It uses the same numbers as the ranking, which was fitted to them, so the order stays. A
        failure costs one verdict.
        """
        verifier = self._verifier()
        if verifier is None:
            return list(hits)
        verified: list[SearchHit] = []
        failed: list[EngineError] = []
        for hit, candidate in zip(hits, candidates_of, strict=True):
            context.cancel.raise_if_set()
            try:
                verification = verifier.verify(text, candidate, context.cancel)
            except EngineError as error:
                log.info("no verdict for %s: %s", hit.photo.path, error)
                failed.append(error)
                verified.append(hit)
            else:
                verified.append(ranking.with_verification(hit, verifier, verification, candidate))
        results.note = " ".join(filter(None, (results.note, results.failure_note(failed))))
        return verified

    def _first_stage(self, query: ResolvedQuery, context: JobContext) -> tuple[list[_Match], bool]:
        """The ranked photos with their regions, and whether the index could search everything."""
        found = candidates.find(query, self._store, self._index)
        context.cancel.raise_if_set()
        rows = self._cache.rows(found.photo_ids)
        context.cancel.raise_if_set()
        by_example = query.like_photo is not None
        scorer = ExampleScorer() if by_example else self._scorer()
        ranked = ranking.rank(query, rows, scorer)
        return self._matches(ranked, query.request), found.complete

    def _matches(self, ranked: Sequence[RankedPhoto], request: SearchRequest) -> list[_Match]:
        """Each ranked photo with its record and regions; photos deleted meanwhile are left out."""
        ids = [item.photo_id for item in ranked]
        photos = self._store.photos.visible(ids, request.folder_ids)
        regions = self._store.regions.of_photos(ids, self._index.profile_id)
        matches = []
        for item in ranked:
            by_id = {region.id: region for region in regions.get(item.photo_id, ())}
            ids_in_order = [RegionId(i) for i in item.rows.ids.tolist()]
            if item.photo_id in photos and all(i in by_id for i in ids_in_order):
                ordered = tuple(by_id[i] for i in ids_in_order)
                matches.append(_Match(photos[item.photo_id], item, ordered))
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
    """A ranked photo with its record; ``regions`` in the order of its similarities."""

    photo: Photo
    ranked: RankedPhoto
    regions: tuple[Region, ...]


def _hit(match: _Match) -> SearchHit:
    ranked = match.ranked
    region = None if ranked.region is None else match.regions[ranked.region]
    return SearchHit(match.photo, ranked.score, region, outlined=ranked.rows.outlined)

"""Runs a search: candidates, ranking, verdicts, reranking. Runs in the search lane."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import numpy as np

from engine.fusion.plan_scorer import PlanScorer
from engine.index.vector_index import VectorIndex
from engine.jobs import JobContext, Progress
from engine.profiles.profile import Profile
from engine.records import (
    Filter,
    Photo,
    PhotoId,
    QueryPlan,
    RegionId,
    RegionLabel,
    SearchRequest,
    SearchResult,
)
from engine.scoring.reranker import Reranker
from engine.scoring.term_scorer import TermScorer
from engine.scoring.verifier import Candidate
from engine.search import candidates, ranking
from engine.search.box_outlines import BoxOutlines, OutlineBox
from engine.search.folding import fold
from engine.search.judgements import Judged, judgements
from engine.search.plan_hits import MatchedPhoto, filtered_hit, verified_hits
from engine.search.query import ResolvedQuery, example_query
from engine.search.query_reader import QueryReader
from engine.search.ranking import Ranking
from engine.search.region_cache import RegionCache
from engine.search.rerank import rerank
from engine.search.result_builder import ResultBuilder
from engine.store.rows import RegionRows
from engine.store.store import Store

ReadRgb = Callable[[Photo, int], np.ndarray]
"""Decodes the upright photo, longest side at most so many pixels: uint8 (H, W, 3)."""

_INCOMPLETE = (
    "The search index is being checked or made again; some photos are missing until it is done."
)
_NO_WORDS = "The models know none of these words."


class SearchService:
    """Searches with one profile. Models are loaded with the first search, or before by
    ``load_models`` or ``warm_up``. Search lane only; any thread may call ``load_models``.

    Args:
        read_rgb: for verifiers that need pixels.
        outline: makes masks for boxes of the reranker that no stored mask fits.
        reader: reads the texts of queries.
    """

    def __init__(
        self,
        store: Store,
        index: VectorIndex,
        profile: Profile,
        read_rgb: ReadRgb,
        reranker: Reranker,
        outline: OutlineBox,
        reader: QueryReader,
    ) -> None:
        self._store = store
        self._index = index
        self._profile = profile
        self._read_rgb = read_rgb
        self._reader = reader
        self._reranker = reranker
        self._outlines = BoxOutlines(outline)
        self._cache = RegionCache(store.regions, index.profile_id)
        self._loaded_scorer: TermScorer | None = None
        self._loading = threading.RLock()

    def load_models(self) -> None:
        """Load the models and the index, before this profile becomes the active one.

        Raises:
            ModelMissing, ModelBroken: the models cannot answer.
        """
        with self._loading:
            self._scorer().query_vectors(["photo"])
        self._index.refresh()

    def warm_up(self, context: JobContext) -> None:
        """Load the models of the search lane and the index, so that the first query is fast."""
        context.report(Progress("Getting ready to search"))
        self._scorer().query_vectors(["photo"])
        self._reader.read("photo")
        context.cancel.raise_if_set()
        self._index.refresh()
        few = self._store.photos.searchable_ids(
            self._index.profile_id, frozenset(), candidates.ALL_PHOTOS
        )
        self._cache.rows(few or [])

    def search(self, request: SearchRequest, context: JobContext) -> SearchResult:
        """The final result; a partial one is published before the reranker starts, and
        after each of its verdicts.

        Raises:
            Cancelled: by a newer search.
            BadRequest, ModelMissing, ModelBroken: see ``engine.errors``.
        """
        results = ResultBuilder(request, self._profile.name)
        context.report(Progress("Searching"))
        if request.like_region is not None:
            return self._by_example(request, results, context)
        read = self._reader.read(request.text.strip())
        plan = results.plan = read.plan
        results.note = read.note
        results.judged = self._judged(request, plan.filters)
        context.cancel.raise_if_set()
        term_scorer = self._scorer()
        if not read.any_known and not term_scorer.open_vocabulary:
            return results.result(())
        scorer = PlanScorer(plan, term_scorer)
        if not scorer.known:
            return self._by_filters(request, plan, results)
        results.add_note(term_scorer.query_note(plan.sentence))
        results.add_note(self._unrecorded_note(plan.filters))
        query = ResolvedQuery(request, scorer.vectors, filters=plan.filters)
        rows = self._candidate_rows(query, results, context)
        ranked = ranking.rank_by_plan(scorer, rows, request.limit)
        matched = self._matched(ranked, rows, request, plan.filters, results.judged.denied)
        hits = verified_hits(matched, plan, scorer)
        if not request.verify or not hits:
            return results.result(hits)
        context.publish(results.result(hits, complete=False))
        text = plan.sentence if plan.filters or plan.unwanted else plan.text
        return rerank(
            self._reranker,
            text,
            hits,
            self._candidates(matched[: request.verify], ranking.z_scores(hits)),
            self._outlines,
            results,
            context,
        )

    def labels(self, photo_id: PhotoId) -> dict[RegionId, tuple[RegionLabel, ...]]:
        """The likeliest names of each region of a photo, likeliest first. Any thread.

        Raises:
            ModelMissing, ModelBroken: the models cannot answer.
        """
        rows = self._store.regions.rows([photo_id], self._index.profile_id).get(photo_id)
        if rows is None:
            return {}
        labels = self._scorer().labels(rows)
        return {RegionId(i): names for i, names in zip(rows.ids.tolist(), labels, strict=True)}

    def _by_example(
        self, request: SearchRequest, results: ResultBuilder, context: JobContext
    ) -> SearchResult:
        query = example_query(request, self._store.regions, self._index.profile_id)
        rows = self._candidate_rows(query, results, context)
        ranked = ranking.rank_by_example(query.vectors[0], rows, request.limit)
        return results.result([match.hit() for match in self._matched(ranked, rows, request)])

    def _by_filters(
        self,
        request: SearchRequest,
        plan: QueryPlan,
        results: ResultBuilder,
    ) -> SearchResult:
        """The photos that pass the filters, the newest first, if nothing else was asked for."""
        if not plan.filters or plan.sentence:
            return results.result((), note=_NO_WORDS)
        photos = self._store.photos.page(
            self._index.profile_id, request.limit, None, request.folder_ids, plan.filters
        )
        results.add_note(self._unrecorded_note(plan.filters))
        return results.result(
            [filtered_hit(photo, plan, -float(place)) for place, photo in enumerate(photos)]
        )

    def _judged(self, request: SearchRequest, filters: Sequence[Filter]) -> Judged:
        """What people said of hits of this query."""
        said = judgements(self._store.edits, request.text)
        confirmed = [photo_id for photo_id, match in said.items() if match]
        photos = self._store.photos.visible(confirmed, request.folder_ids, filters)
        return Judged(said, tuple(photos.values()))

    def _unrecorded_note(self, filters: Sequence[Filter]) -> str:
        """Says which filters compare something that no photo has recorded; empty if none does."""
        unrecorded = [f for f in filters if not self._store.photos.has_values(f.kind)]
        return " ".join(f"No photo here has a {f.kind} recorded." for f in unrecorded)

    def _candidate_rows(
        self, query: ResolvedQuery, results: ResultBuilder, context: JobContext
    ) -> dict[PhotoId, RegionRows]:
        """Arrays of the photos that may be hits; notes if the index could not search everything."""
        found = candidates.find(query, self._store, self._index)
        if not found.complete:
            results.add_note(_INCOMPLETE)
        context.cancel.raise_if_set()
        photo_ids = found.photo_ids
        if not len(query.vectors):  # nothing to be near to: the newest ones
            photo_ids = sorted(photo_ids)[-candidates.ALL_PHOTOS :]
        rows = self._cache.rows(photo_ids)
        context.cancel.raise_if_set()
        return rows

    def _matched(
        self,
        ranked: Ranking,
        rows: Mapping[PhotoId, RegionRows],
        request: SearchRequest,
        filters: Sequence[Filter] = (),
        alone: Collection[PhotoId] = (),
    ) -> list[MatchedPhoto]:
        """The first ranked photos with their records and the regions to outline, bursts folded but
        for photos that are to stay ``alone``; photos deleted meanwhile are left out."""
        within = (request.folder_ids, filters)
        taken_at = self._store.photos.visible_taken_at(ranked.rest(), *within)
        taken_at |= {photo_id: None for photo_id in alone if photo_id in taken_at}
        folded = fold(ranked, rows, taken_at, request.limit)
        ids = [i for one in folded for i in (one.ranked.photo_id, *one.similar)]
        photos = self._store.photos.visible(ids, *within)
        shown = [
            [RegionId(int(one.ranked.rows.ids[i])) for i in one.ranked.match.outlined]
            for one in folded
        ]
        regions = self._store.regions.get_many([i for of_photo in shown for i in of_photo])
        return [
            MatchedPhoto(
                photos[one.ranked.photo_id],
                one.ranked,
                tuple(regions[i] for i in of_photo),
                tuple(photos[other] for other in one.similar if other in photos),
            )
            for one, of_photo in zip(folded, shown, strict=True)
            if one.ranked.photo_id in photos and all(i in regions for i in of_photo)
        ]

    def _candidates(
        self, matched: Sequence[MatchedPhoto], z_scores: Sequence[float]
    ) -> list[Candidate]:
        """What the language model gets of these photos, the first hits; ``z_scores`` of all hits.
        A photo whose regions were replaced meanwhile is looked at without them."""
        of_photo = self._store.regions.of_photos(
            [match.photo.id for match in matched], self._index.profile_id
        )
        found = []
        for match, z_score in zip(matched, z_scores, strict=False):
            by_id = {region.id: region for region in of_photo.get(match.photo.id, ())}
            ids = [RegionId(i) for i in match.ranked.rows.ids.tolist()]
            unchanged = all(i in by_id for i in ids)
            found.append(
                Candidate(
                    photo=match.photo,
                    regions=tuple(by_id[i] for i in ids) if unchanged else (),
                    region_scores=match.ranked.match.region_scores if unchanged else np.zeros(0),
                    read_rgb=partial(self._read_rgb, match.photo),
                    z_score=z_score,
                )
            )
        return found

    def _scorer(self) -> TermScorer:
        with self._loading:
            if self._loaded_scorer is None:
                self._loaded_scorer = self._profile.scorer()
            return self._loaded_scorer

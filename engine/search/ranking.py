"""Ranking: exact scores of the candidate photos, and the order after reranking."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from engine.fusion.plan_match import PlanMatch
from engine.fusion.plan_matches import scores
from engine.fusion.plan_scorer import PlanScorer
from engine.masks.merging import merge_regions
from engine.records import BoxXyxy, PhotoId, SearchHit, Verdict
from engine.reranking.box_match import match_box
from engine.scoring.verifier import Candidate, Verification, Verifier
from engine.store.rows import RegionRows

EXACTLY_SCORED = 60
"""So many photos are scored exactly, the best by their rough scores, divided by the number of terms
of the plan, so that a long query does not take much longer; but not fewer than are wanted. Among
305 annotated photos the mean average precision of the first 50 is the same from 60 on."""


@dataclass(frozen=True)
class RankedPhoto:
    """A photo with its match; indexes of regions are in the order of ``rows``."""

    photo_id: PhotoId
    match: PlanMatch
    rows: RegionRows


class Ranking:
    """Photos, best first, ties in the order of their ids. A photo is scored exactly when its turn
    may have come: as long as none that is left can be better, by the bound of its score.

    Args:
        photo_ids: of P photos, ascending.
        bounds: float64 (P,), no score is higher.
        ranked: scores photo k exactly.
    """

    def __init__(
        self,
        photo_ids: Sequence[PhotoId],
        bounds: np.ndarray,
        ranked: Callable[[int], RankedPhoto],
    ) -> None:
        self._photo_ids = photo_ids
        self._bounds = bounds
        self._ranked = ranked
        self._left = np.argsort(-bounds, kind="stable").tolist()
        self._scored: list[tuple[float, PhotoId, RankedPhoto]] = []

    def __iter__(self) -> Iterator[RankedPhoto]:
        return self

    def __next__(self) -> RankedPhoto:
        while self._left and not self._is_first(self._left[0]):
            ranked = self._ranked(self._left.pop(0))
            heapq.heappush(self._scored, (-ranked.match.score, ranked.photo_id, ranked))
        if not self._scored:
            raise StopIteration
        return heapq.heappop(self._scored)[2]

    def rest(self) -> list[PhotoId]:
        """The photos that were not iterated over yet, roughly in their order."""
        scored = [ranked.photo_id for _, _, ranked in sorted(self._scored, key=_place)]
        return scored + [self._photo_ids[k] for k in self._left]

    def _is_first(self, k: int) -> bool:
        """Whether the best photo that was scored comes before photo ``k`` in any case."""
        if not self._scored:
            return False
        return _place(self._scored[0]) < (-float(self._bounds[k]), self._photo_ids[k])


def _place(scored: tuple[float, PhotoId, RankedPhoto]) -> tuple[float, PhotoId]:
    return scored[:2]


def rank_by_plan(scorer: PlanScorer, rows: Mapping[PhotoId, RegionRows], limit: int) -> Ranking:
    """The best photos: more than ``limit`` if there are, because some may be folded or deleted.
    Photos with something that must not be there are left out.

    Args:
        limit: how many are wanted in the end.
    """
    ids = sorted(rows)
    rough = scorer.rough_scores([rows[i] for i in ids])
    most = max(EXACTLY_SCORED // scorer.term_count, limit)
    best = np.argsort(-rough, kind="stable")[:most]
    chosen = [ids[k] for k in sorted(best.tolist())]
    matches = scorer.matches([rows[i] for i in chosen])
    kept = np.flatnonzero(~matches.excluded).tolist()

    def ranked(k: int) -> RankedPhoto:
        photo_id = chosen[kept[k]]
        return RankedPhoto(photo_id, matches.match(kept[k]), rows[photo_id])

    return Ranking([chosen[k] for k in kept], scores(matches.bounds[kept]), ranked)


def rank_by_example(vector: np.ndarray, rows: Mapping[PhotoId, RegionRows], limit: int) -> Ranking:
    """Photos by their region that is most similar to an example, or by the whole photo if it has no
    regions.

    A profile's term scorer does not fit here: it was fitted to similarities of texts.
    """
    ids = sorted(rows)
    similarities = [rows[i].vectors @ vector for i in ids]
    best = np.array(
        [
            of_photo.max() if len(of_photo) else rows[i].whole @ vector
            for i, of_photo in zip(ids, similarities, strict=True)
        ],
        np.float64,
    )
    kept = np.sort(np.argsort(-best, kind="stable")[: max(EXACTLY_SCORED, 2 * limit)]).tolist()

    def ranked(k: int) -> RankedPhoto:
        of_photo = similarities[kept[k]]
        outlined = (int(of_photo.argmax()),) if len(of_photo) else ()
        match = PlanMatch(
            float(best[kept[k]]), 0.0, partial(tuple, outlined), region_scores=of_photo
        )
        return RankedPhoto(ids[kept[k]], match, rows[ids[kept[k]]])

    return Ranking([ids[k] for k in kept], best[kept], ranked)


def verdict(scorer: PlanScorer | Verifier, probability: float) -> Verdict:
    """The verdict that a probability means under these thresholds."""
    if probability >= scorer.match_at:
        return Verdict.MATCH
    return Verdict.NO if probability < scorer.no_below else Verdict.UNSURE


def with_verification(
    hit: SearchHit, verifier: Verifier, verification: Verification, candidate: Candidate
) -> SearchHit:
    """The hit with a verifier's verdict, probability, reason and regions.

    Where the verifier returned boxes, the stored masks that fit them replace the region of the
    first stage; a box that no mask fits is kept in ``box_xyxy``.
    """
    return replace(
        _with_boxes(hit, verification.boxes_xyxy, candidate),
        verdict=verdict(verifier, verification.probability),
        probability=verification.probability,
        reason=verification.reason,
        looked_at=True,
    )


def _with_boxes(hit: SearchHit, boxes_xyxy: Sequence[BoxXyxy], candidate: Candidate) -> SearchHit:
    """The hit with the regions that match the boxes, the first box's as its region."""
    regions, size_wh = candidate.regions, hit.photo.size_wh
    matched: list[tuple[int, ...]] = []
    unfit: BoxXyxy | None = None
    for box in boxes_xyxy:
        match = match_box(box, size_wh, regions, candidate.region_scores)
        if match.regions and match.regions not in matched:
            matched.append(match.regions)
        elif not match.regions and unfit is None:
            unfit = box
    if not boxes_xyxy:
        return hit
    if not matched:
        return replace(hit, box_xyxy=unfit)
    outlined = [merge_regions([regions[i] for i in indexes]) for indexes in matched]
    parts = tuple(regions[i].id for i in matched[0]) if len(matched[0]) > 1 else ()
    return replace(hit, region=outlined[0], parts=parts, others=tuple(outlined[1:]))


def z_scores(hits: Sequence[SearchHit]) -> list[float]:
    """How far each first-stage score lies above their mean, in standard deviations, -3..3.

    Taken over all hits, not only those that are reranked, so that a photo's z-score does not
    change when more of them are.
    """
    scores = np.array([hit.score for hit in hits], np.float64)
    spread = float(scores.std()) if len(scores) else 0.0
    if spread < 1e-9:
        return [0.0] * len(scores)
    standardised = np.clip((scores - scores.mean()) / spread, -3, 3)
    return [float(z_score) for z_score in standardised]


def reordered(hits: Sequence[SearchHit]) -> tuple[SearchHit, ...]:
    """The hits in their order during and after reranking.

    First the photos that the reranker did not reject, the likeliest first; then those without its
    verdict, in the order of the first stage; last those it rejected. Ties keep the order of the
    first stage. So a photo moves only when its own verdict comes: any two others keep their order.
    Scores are shifted so that the order still follows them.

    Args:
        hits: in the order of the first stage, with its scores.
    """
    judged = [hit for hit in hits if hit.looked_at]
    waiting = [hit for hit in hits if not hit.looked_at]
    accepted = _likeliest_first(hit for hit in judged if hit.verdict is not Verdict.NO)
    rejected = _likeliest_first(hit for hit in judged if hit.verdict is Verdict.NO)
    scores = [hit.score for hit in hits]
    top, bottom = max(scores, default=0.0), min(scores, default=0.0)
    return (
        *(replace(hit, score=top + _probability(hit)) for hit in accepted),
        *waiting,
        *(replace(hit, score=bottom - 1 + _probability(hit)) for hit in rejected),
    )


def _likeliest_first(hits: Iterable[SearchHit]) -> list[SearchHit]:
    return sorted(hits, key=_probability, reverse=True)


def _probability(hit: SearchHit) -> float:
    """That of a hit that a verifier has judged, 0..1."""
    assert hit.probability is not None, "a hit with a verdict has its probability"
    return hit.probability

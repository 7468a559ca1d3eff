"""Ranking: exact scores of the candidate photos, and the order after reranking."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.masks.merging import merge_regions
from engine.records import BoxXyxy, PhotoId, SearchHit, Verdict
from engine.reranking.box_match import match_box
from engine.scoring.photo_scorer import PhotoScorer, RegionSimilarities
from engine.scoring.verifier import Candidate, Verification, Verifier
from engine.search.query import ResolvedQuery
from engine.search.region_similarities import similarities
from engine.store.rows import RegionRows

_AS_A_WHOLE = "Fits as a whole; its things are not outlined yet."


@dataclass(frozen=True)
class RankedPhoto:
    """A photo with its score and the numbers behind it.

    Attributes:
        score: higher is better; comparable within one query only.
        region: index of the region to show, in the order of ``similarities`` and ``rows``; None
            if only the photo as a whole matched.
    """

    photo_id: PhotoId
    score: float
    region: int | None
    similarities: RegionSimilarities
    rows: RegionRows


class ExampleScorer:
    """``PhotoScorer`` for a search by example: the most similar region, or the whole photo if it
    has no regions.

    The profile's own scorer does not fit here: it was fitted to similarities of texts with
    regions.
    """

    def score(self, similarities: RegionSimilarities) -> float:
        """See ``PhotoScorer``."""
        if not len(similarities.region_scores):
            return similarities.whole_score
        return float(similarities.region_scores.max())

    def region(self, similarities: RegionSimilarities) -> int | None:
        """See ``PhotoScorer``."""
        return int(similarities.region_scores.argmax()) if len(similarities.region_scores) else None


def rank(
    query: ResolvedQuery, rows: dict[PhotoId, RegionRows], scorer: PhotoScorer
) -> list[RankedPhoto]:
    """The best photos first, as many as the request wants; ties in the order of their ids."""
    compared = {i: similarities(of_photo, query.vector) for i, of_photo in rows.items()}
    scores = {photo_id: scorer.score(numbers) for photo_id, numbers in compared.items()}
    best = sorted(scores, key=lambda photo_id: (-scores[photo_id], photo_id))
    return [
        RankedPhoto(i, scores[i], scorer.region(compared[i]), compared[i], rows[i])
        for i in best[: query.request.limit]
    ]


def verdict(verifier: Verifier, probability: float) -> Verdict:
    """The verdict that a probability means under the thresholds of this verifier."""
    if probability >= verifier.match_at:
        return Verdict.MATCH
    return Verdict.NO if probability < verifier.no_below else Verdict.UNSURE


def with_verification(
    hit: SearchHit, verifier: Verifier, verification: Verification, candidate: Candidate
) -> SearchHit:
    """The hit with a verifier's verdict, probability, reason and regions.

    A photo without regions yet is no match unless the verifier has read its pixels. Where the
    verifier returned boxes, the stored masks that fit them replace the region of the first stage;
    a box that no mask fits is kept in ``box_xyxy``.
    """
    probability, reason = verification.probability, verification.reason
    if verifier.judges_every_hit and not hit.outlined and probability >= verifier.match_at:
        # It was fitted to photos with regions; here it has the vector of the whole photo only.
        probability, reason = math.nextafter(verifier.match_at, 0.0), _AS_A_WHOLE
    return replace(
        _with_boxes(hit, verification.boxes_xyxy, candidate),
        verdict=verdict(verifier, probability),
        probability=probability,
        reason=reason,
        looked_at=not verifier.judges_every_hit,
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

"""Stage one, second half: exact evidence, one score a photo, an order. Stage two's order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.masks.union import united
from engine.records import BoxXyxy, PhotoId, SearchHit, Verdict
from engine.reranking.box_match import match_box
from engine.scoring.photo_scorer import PhotoScorer, RegionSimilarities
from engine.scoring.verifier import Candidate, Verification, Verifier
from engine.search.query import Query
from engine.search.region_similarities import similarities
from engine.store.rows import RegionRows

_AS_A_WHOLE = "Fits as a whole; its things are not outlined yet."


@dataclass(frozen=True)
class RankedPhoto:
    """A photo with its score and what the score was made of.

    Attributes:
        region: index of the region to show, in the order of the evidence and of the rows.
    """

    photo_id: PhotoId
    score: float
    region: int | None
    similarities: RegionSimilarities
    rows: RegionRows


class ExampleScorer:
    """For a search by example: the most alike region, or the whole photo if there are none.

    The profile's scorer does not fit here: it was fitted to similarities of texts with regions,
    and weighs in what people who type words mean.
    """

    def score(self, similarities: RegionSimilarities) -> float:
        if not len(similarities.region_scores):
            return similarities.whole_score
        return float(similarities.region_scores.max())

    def region(self, similarities: RegionSimilarities) -> int | None:
        return int(similarities.region_scores.argmax()) if len(similarities.region_scores) else None


def rank(query: Query, rows: dict[PhotoId, RegionRows], scorer: PhotoScorer) -> list[RankedPhoto]:
    """The best photos first, as many as the request wants; ties in the order of their ids."""
    found = {photo_id: similarities(of_photo, query.vector) for photo_id, of_photo in rows.items()}
    scores = {photo_id: scorer.score(one) for photo_id, one in found.items()}
    best = sorted(scores, key=lambda photo_id: (-scores[photo_id], photo_id))
    return [
        RankedPhoto(i, scores[i], scorer.region(found[i]), found[i], rows[i])
        for i in best[: query.request.limit]
    ]


def verdict(verifier: Verifier, probability: float) -> Verdict:
    """In words, what a probability means to this verifier."""
    if probability >= verifier.match_at:
        return Verdict.MATCH
    return Verdict.NO if probability < verifier.no_below else Verdict.UNSURE


def with_verification(
    hit: SearchHit, verifier: Verifier, found: Verification, candidate: Candidate
) -> SearchHit:
    """The hit as the verifier sees it.

    A photo that is not outlined yet is no match unless a verifier has looked at its pixels. Where
    a verifier points, the stored masks that it means take the place of stage one's region; a box
    that no mask fits is kept beside it.
    """
    probability, reason = found.probability, found.reason
    if verifier.free and not hit.outlined and probability >= verifier.match_at:
        # It knows the photo as a whole only, and was fitted to photos whose things are known.
        probability, reason = math.nextafter(verifier.match_at, 0.0), _AS_A_WHOLE
    return replace(
        _pointed(hit, found.boxes_xyxy, candidate),
        verdict=verdict(verifier, probability),
        probability=probability,
        reason=reason,
        looked_at=not verifier.free,
    )


def _pointed(hit: SearchHit, boxes_xyxy: Sequence[BoxXyxy], candidate: Candidate) -> SearchHit:
    """The things that boxes mean, the clearest as the region of the hit."""
    regions, size_wh = candidate.regions, hit.photo.size_wh
    meant: list[tuple[int, ...]] = []
    unfit: BoxXyxy | None = None
    for box in boxes_xyxy:
        match = match_box(box, size_wh, regions, candidate.region_scores)
        if match.regions and match.regions not in meant:
            meant.append(match.regions)
        elif not match.regions and unfit is None:
            unfit = box
    if not boxes_xyxy:
        return hit
    if not meant:
        return replace(hit, box_xyxy=unfit)
    things = [united([regions[i] for i in indexes]) for indexes in meant]
    parts = tuple(regions[i].id for i in meant[0]) if len(meant[0]) > 1 else ()
    return replace(hit, region=things[0], parts=parts, others=tuple(things[1:]))


def z_scores(hits: Sequence[SearchHit]) -> list[float]:
    """How far each stage-one score lies above their mean, in standard deviations, -3..3.

    Over all hits, not only those that are looked at, so that a photo's standing does not change
    when more of them are.
    """
    scores = np.array([hit.score for hit in hits], np.float64)
    spread = float(scores.std()) if len(scores) else 0.0
    if spread < 1e-9:
        return [0.0] * len(scores)
    return np.clip((scores - scores.mean()) / spread, -3, 3).tolist()


def reordered(hits: Sequence[SearchHit]) -> tuple[SearchHit, ...]:
    """The order while and after a second look.

    First the photos that it did not refuse, the likeliest first; then those it has not looked at
    or could not judge, in the order of stage one; last those it refused. Equals keep the order of
    stage one. So a photo changes its place only when its own verdict comes: of any two others,
    the one that stood before still does. Scores are moved so that the order still follows them.

    Args:
        hits: in the order of stage one, with its scores.
    """
    judged = [hit for hit in hits if hit.looked_at]
    waiting = [hit for hit in hits if not hit.looked_at]
    kept = _likeliest_first(hit for hit in judged if hit.verdict is not Verdict.NO)
    refused = _likeliest_first(hit for hit in judged if hit.verdict is Verdict.NO)
    scores = [hit.score for hit in hits]
    top, bottom = max(scores, default=0.0), min(scores, default=0.0)
    return (
        *(replace(hit, score=top + hit.probability) for hit in kept),
        *waiting,
        *(replace(hit, score=bottom - 1 + hit.probability) for hit in refused),
    )


def _likeliest_first(hits: Iterable[SearchHit]) -> list[SearchHit]:
    return sorted(hits, key=lambda hit: -hit.probability)

"""Stage one, second half: exact evidence, one score a photo, an order. Stage two's order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.records import BoxXyxy, PhotoId, Region, SearchHit, Verdict
from engine.search.evidence import evidence
from engine.search.query import Query
from engine.search.scorer import PhotoEvidence, PhotoScorer
from engine.search.verifier import Verification, Verifier
from engine.store.regions import RegionRows


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
    evidence: PhotoEvidence
    rows: RegionRows


class LikenessScorer:
    """For a search by example: the most alike region, or the whole photo if there are none.

    The profile's scorer does not fit here: it was fitted to similarities of texts with regions,
    and weighs in what people who type words mean.
    """

    def score(self, evidence: PhotoEvidence) -> float:
        if not len(evidence.region_scores):
            return evidence.whole_score
        return float(evidence.region_scores.max())

    def region(self, evidence: PhotoEvidence) -> int | None:
        return int(evidence.region_scores.argmax()) if len(evidence.region_scores) else None


def rank(
    query: Query, rows: dict[PhotoId, RegionRows], scorer: PhotoScorer
) -> list[RankedPhoto]:
    """The best photos first, as many as the request wants; ties in the order of their ids."""
    found = {photo_id: evidence(of_photo, query.vector) for photo_id, of_photo in rows.items()}
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
    hit: SearchHit, verifier: Verifier, found: Verification, regions: Sequence[Region]
) -> SearchHit:
    """The hit as the verifier sees it; ``regions`` in the order of its candidate.

    A photo that is not outlined yet is no match unless a verifier has looked at its pixels.
    """
    region = hit.region
    if found.region is not None:
        region = regions[found.region]
    elif found.box_xyxy is not None and regions:
        overlaps = [_overlap(found.box_xyxy, r.box_xyxy) for r in regions]
        best = int(np.argmax(overlaps))
        region = regions[best] if overlaps[best] >= 0.5 else region
    probability, reason = found.probability, found.reason
    if verifier.free and not hit.outlined and probability >= verifier.match_at:
        # It knows the photo as a whole only, and was fitted to photos whose things are known.
        probability, reason = math.nextafter(verifier.match_at, 0.0), _AS_A_WHOLE
    return replace(
        hit,
        verdict=verdict(verifier, probability),
        probability=probability,
        region=region,
        reason=reason,
    )


def reordered(hits: Sequence[SearchHit], first: int) -> tuple[SearchHit, ...]:
    """Put the first hits, which a slow verifier has looked at, in the order of its answers.

    They stay ahead of the others, and their scores are lifted above the others' accordingly, so
    that the order still follows the score. A hit that could not be verified keeps its place
    behind those that were not refused.
    """
    looked_at, others = hits[:first], hits[first:]
    floor = max((hit.score for hit in others), default=0.0)

    def belief(hit: SearchHit) -> float:
        return 0.5 if hit.probability is None else hit.probability

    ordered = sorted(looked_at, key=lambda hit: (-belief(hit), -hit.score, hit.photo.id))
    lifted = [replace(hit, score=floor + belief(hit)) for hit in ordered]
    return (*lifted, *others)


def _overlap(a: BoxXyxy, b: BoxXyxy) -> float:
    """Intersection over union of two boxes."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    shared = max(width, 0.0) * max(height, 0.0)
    union = a.area + b.area - shared
    return shared / union if union > 0 else 0.0

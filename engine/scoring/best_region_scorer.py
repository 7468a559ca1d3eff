"""A ``PhotoScorer`` without fitted weights: the best region, and a share of the scene."""

from __future__ import annotations

from engine.scoring.photo_scorer import RegionSimilarities

WHOLE_SHARE = 0.2
"""Weight of the whole photo's similarity; the paper uses the best region alone (0). A guess until
it can be measured with the published weights: it decides between photos whose best regions are
equally similar."""


class BestRegionScorer:
    """Cosines as they are: region and scene are vectors of one network, so they are comparable."""

    def __init__(self, whole_share: float = WHOLE_SHARE) -> None:
        """``whole_share``: 0..1."""
        self._whole_share = whole_share

    def score(self, similarities: RegionSimilarities) -> float:
        """See ``PhotoScorer``."""
        if not len(similarities.region_scores):
            return float(similarities.whole_score)
        best = float(similarities.region_scores.max())
        return (1 - self._whole_share) * best + self._whole_share * float(similarities.whole_score)

    def region(self, similarities: RegionSimilarities) -> int | None:
        """See ``PhotoScorer``."""
        return int(similarities.region_scores.argmax()) if len(similarities.region_scores) else None

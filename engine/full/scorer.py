"""The full profile's ``PhotoScorer``: the best region, and a share of the scene."""

from __future__ import annotations

from engine.search.scorer import PhotoEvidence

WHOLE_SHARE = 0.2
"""Of the photo as a scene; the paper takes the best region alone (0). A guess until it can be
measured with the published weights: it decides between photos whose best regions are alike."""


class FullScorer:
    """Cosines as they are: region and scene are vectors of one network, so they are comparable."""

    def __init__(self, whole_share: float = WHOLE_SHARE) -> None:
        """``whole_share``: 0..1."""
        self._whole_share = whole_share

    def score(self, evidence: PhotoEvidence) -> float:
        """See ``PhotoScorer``."""
        if not len(evidence.region_scores):
            return float(evidence.whole_score)
        best = float(evidence.region_scores.max())
        return (1 - self._whole_share) * best + self._whole_share * float(evidence.whole_score)

    def region(self, evidence: PhotoEvidence) -> int | None:
        """See ``PhotoScorer``."""
        return int(evidence.region_scores.argmax()) if len(evidence.region_scores) else None

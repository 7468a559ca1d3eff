"""The starter profile's ``PhotoScorer``: the best region and the scene; the region worth showing."""

from __future__ import annotations

import numpy as np

from engine.search.scorer import PhotoEvidence, PhotoScore
from engine.starter.calibration import Calibration


class StarterScorer:
    """A photo scores as its best region plus a share of the scene.

    Shown is not the region with the highest similarity, which is often the most typical part of a
    thing, but one that is also a good and large mask.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration

    def score(self, evidence: PhotoEvidence) -> PhotoScore:
        """See ``PhotoScorer``."""
        fitted = self._calibration
        scene = fitted.whole_weight * evidence.whole_score
        if not len(evidence.region_scores):
            return PhotoScore(scene + evidence.whole_score, None)
        worth = (
            evidence.region_scores
            + fitted.mask_weight * np.log(np.maximum(evidence.mask_scores, 1e-3))
            + fitted.area_weight * np.log(np.maximum(evidence.area_fractions, 1e-4))
        )
        return PhotoScore(float(evidence.region_scores.max()) + scene, int(worth.argmax()))

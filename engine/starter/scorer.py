"""The starter profile's ``PhotoScorer``: the best region and the scene; the region worth showing."""

from __future__ import annotations

import numpy as np

from engine.search.scorer import PhotoEvidence
from engine.starter.calibration import Calibration
from engine.starter.choice import preferences


class StarterScorer:
    """A photo scores as its best region plus a share of the scene.

    A photo that nobody has looked for regions in scores as photos with such a scene usually do.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._choice = np.array(calibration.choice)

    def score(self, evidence: PhotoEvidence) -> float:
        """See ``PhotoScorer``."""
        if not len(evidence.region_scores):
            slope, constant = self._calibration.scene_alone
            return slope * evidence.whole_score + constant
        scene = self._calibration.whole_weight * evidence.whole_score
        return float(evidence.region_scores.max()) + scene

    def region(self, evidence: PhotoEvidence) -> int | None:
        """See ``PhotoScorer``."""
        if not len(evidence.region_scores):
            return None
        return int(preferences(evidence, self._choice).argmax())

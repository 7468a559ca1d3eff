"""The starter profile's ``PhotoScorer``: the best region and the scene; the region worth showing."""

from __future__ import annotations

import numpy as np

from engine.scoring.photo_scorer import RegionSimilarities
from engine.starter.matching.calibration import Calibration
from engine.starter.matching.region_selection import preferences


class StarterScorer:
    """A photo scores as its best region plus a share of the scene.

    A photo that nobody has looked for regions in scores as photos with such a scene usually do.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._choice = np.array(calibration.choice)

    def score(self, similarities: RegionSimilarities) -> float:
        """See ``PhotoScorer``."""
        if not len(similarities.region_scores):
            slope, constant = self._calibration.scene_alone
            return slope * similarities.whole_score + constant
        scene = self._calibration.whole_weight * similarities.whole_score
        return float(similarities.region_scores.max()) + scene

    def region(self, similarities: RegionSimilarities) -> int | None:
        """See ``PhotoScorer``."""
        if not len(similarities.region_scores):
            return None
        return int(preferences(similarities, self._choice).argmax())

"""The starter profile's ``PhotoScorer``."""

from __future__ import annotations

import numpy as np

from engine.scoring.photo_scorer import RegionSimilarities
from engine.starter.matching.calibration import Calibration
from engine.starter.matching.region_selection import selection_scores


class StarterScorer:
    """Scores a photo by its most similar region plus a weighted similarity of the whole photo.

    A photo without stored regions gets the score that its whole-photo similarity predicts.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._selection_weights = np.array(calibration.choice)

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
        return int(selection_scores(similarities, self._selection_weights).argmax())

"""Numbers fitted on held-apart photos: how scores combine, and what they mean as probabilities."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.starter.arrays import broken, missing

FILE_NAME = "calibration.json"


@dataclass(frozen=True)
class Calibration:
    """Everything fitted that is no array.

    Attributes:
        whole_weight: share of the whole photo's similarity in the photo's score.
        mask_weight: weight of log(mask score) when the region to show is chosen.
        area_weight: weight of log(area share) when the region to show is chosen.
        coefficients: of ``evidence_row``, then the constant; logistic regression (Platt 1999).
        match_at, no_below: the verdict's limits on the probability.
    """

    whole_weight: float
    mask_weight: float
    area_weight: float
    coefficients: tuple[float, ...]
    match_at: float
    no_below: float

    def probability(self, row: np.ndarray) -> float:
        """Of one ``evidence_row``; 0..1."""
        *weights, constant = self.coefficients
        return float(1 / (1 + np.exp(-(row @ np.array(weights) + constant))))

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Raises ModelMissing or ModelBroken, as the names say."""
        try:
            values = json.loads(path.read_text("utf-8"))
            values["coefficients"] = tuple(values["coefficients"])
            return cls(**values)
        except FileNotFoundError as error:
            raise missing(path) from error
        except (ValueError, KeyError, TypeError) as error:
            raise broken(path) from error

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")


def evidence_row(
    region_scores: np.ndarray,
    mask_scores: Sequence[float],
    whole_score: float,
    levels: tuple[tuple[float, float], tuple[float, float]],
) -> np.ndarray:
    """What the probability is computed from, when it is fitted and when it is asked; float64 (5,).

    The best similarity, the scene's, and how many standard deviations each lies above what this
    query has with any region (any photo): a word close to everything must score higher to mean
    something. Last, the logarithm of the best region's mask score. A photo without regions counts
    as one of its whole.

    Args:
        region_scores: (N,), with ``mask_scores`` in the same order.
        levels: of the query, from ``Reference.levels``.
    """
    best, mask_score = whole_score, 0.0
    if len(region_scores):
        top = int(np.argmax(region_scores))
        best, mask_score = float(region_scores[top]), mask_scores[top]
    (region_mean, region_spread), (whole_mean, whole_spread) = levels
    return np.array(
        [
            best,
            (best - region_mean) / region_spread,
            whole_score,
            (whole_score - whole_mean) / whole_spread,
            np.log(max(mask_score, 1e-3)),
        ]
    )

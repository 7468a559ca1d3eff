"""Numbers fitted on held-apart photos: how scores combine, and what they mean as probabilities."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.starter.arrays import broken, missing
from engine.starter.matching.reference_levels import Reference

FILE_NAME = "calibration.json"
RIVAL_BELOW = 0.5
"""A name less alike the query than this names something else."""


@dataclass(frozen=True)
class Calibration:
    """Everything fitted that is no array.

    Attributes:
        whole_weight: share of the whole photo's similarity in the photo's score.
        scene_alone: slope and constant of the score of a photo without known regions.
        choice: weights of ``choice_rows``; the region with the largest sum is shown.
        coefficients: of ``feature_row``, then the constant; logistic regression (Platt 1999).
        match_at, no_below: the verdict's limits on the probability.
    """

    whole_weight: float
    scene_alone: tuple[float, float]
    choice: tuple[float, ...]
    coefficients: tuple[float, ...]
    match_at: float
    no_below: float

    def probability(self, row: np.ndarray) -> float:
        """Of one ``feature_row``; 0..1."""
        *weights, constant = self.coefficients
        return float(1 / (1 + np.exp(-(row @ np.array(weights) + constant))))

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Raises ModelMissing or ModelBroken, as the names say."""
        try:
            values = json.loads(path.read_text("utf-8"))
            for name in ("scene_alone", "choice", "coefficients"):
                values[name] = tuple(values[name])
            return cls(**values)
        except FileNotFoundError as error:
            raise missing(path) from error
        except (ValueError, KeyError, TypeError) as error:
            raise broken(path) from error

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")


class QueryLevels:
    """What a query's similarities mean: how usual they are, and what else a region could be.

    Args:
        vector: float32 (D,), the query.
        reference: similarities of ordinary regions and photos.
        names: float32 (V, D), unit vectors of the names that the models know.
    """

    def __init__(self, vector: np.ndarray, reference: Reference, names: np.ndarray) -> None:
        (self.region_mean, self.region_spread), (self.whole_mean, self.whole_spread) = (
            reference.levels(vector)
        )
        self._rivals = names[names @ vector < RIVAL_BELOW]

    def lead(self, score: float, vector: np.ndarray) -> float:
        """How much more alike the query is than any name of something else."""
        return score - float((self._rivals @ vector).max(initial=-1.0))


def feature_row(
    region_scores: np.ndarray,
    mask_scores: Sequence[float],
    region_vectors: np.ndarray,
    shown: int | None,
    whole_score: float,
    whole_vector: np.ndarray,
    levels: QueryLevels,
) -> np.ndarray:
    """What the probability is computed from, when it is fitted and when it is asked; float64 (13,).

    Of the most similar region and of the one shown: the similarity, how many standard deviations
    that lies above what this query has with any region (a word close to everything must score
    higher to mean something), the logarithm of the mask score, and the lead over other names. Of
    the three most similar ones the mean. Of the scene the same. A photo without regions counts as
    one of its whole.

    Args:
        region_scores: (N,), with ``mask_scores`` and ``region_vectors`` in the same order.
        shown: index of the region chosen to be shown.
    """
    best = shown = 0 if shown is None else shown
    if len(region_scores):
        best = int(np.argmax(region_scores))
    else:
        region_scores, mask_scores = np.array([whole_score]), [0.0]
        region_vectors = whole_vector[None]

    def unusual(score: float) -> float:
        return (score - levels.region_mean) / levels.region_spread

    row = []
    for one in (best, shown):
        score = float(region_scores[one])
        row += [score, unusual(score), np.log(max(mask_scores[one], 1e-3))]
        row.append(levels.lead(score, region_vectors[one]))
    several = float(np.sort(region_scores)[-3:].mean())
    row += [several, unusual(several), whole_score]
    row.append((whole_score - levels.whole_mean) / levels.whole_spread)
    row.append(levels.lead(whole_score, whole_vector))
    return np.array(row)

"""Fitted numbers: weights of the photo score and of the region selection, and the probability."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.starter.arrays import broken, missing
from engine.starter.matching.reference_statistics import ReferenceStatistics

FILE_NAME = "calibration.json"
OTHER_NAME_BELOW = 0.5
"""A name whose similarity to the query is lower counts as the name of another thing."""


@dataclass(frozen=True)
class Calibration:
    """The fitted numbers of the scorer and of the verifier; the fields are the keys of the file.

    Attributes:
        whole_weight: weight of the whole photo's similarity in the photo's score.
        scene_alone: slope and constant that give the score of a photo without regions from the
            whole photo's similarity.
        choice: weights of ``selection_features``; the region with the largest sum is shown.
        coefficients: of ``feature_row``, then the constant; logistic regression (Platt 1999).
        match_at: a probability from here on is a match.
        no_below: a probability below this is a no.
    """

    whole_weight: float
    scene_alone: tuple[float, float]
    choice: tuple[float, ...]
    coefficients: tuple[float, ...]
    match_at: float
    no_below: float

    def probability(self, row: np.ndarray) -> float:
        """The probability of a match for one ``feature_row``, 0..1."""
        *weights, constant = self.coefficients
        return float(1 / (1 + np.exp(-(row @ np.array(weights) + constant))))

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read the JSON file.

        Raises:
            ModelMissing: there is no such file.
            ModelBroken: it is not a calibration.
        """
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
        """Write the JSON file."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")


class QueryStatistics:
    """What one query's similarities are compared with: ordinary photos, and names of other things.

    Args:
        vector: float32 (D,), the query.
        reference: statistics of ordinary regions and photos.
        names: float32 (V, D), unit vectors of the names that the models know.

    Attributes:
        region_mean: mean similarity of the query to ordinary regions.
        region_spread: its standard deviation.
        whole_mean: mean similarity of the query to whole photos.
        whole_spread: its standard deviation.
    """

    def __init__(
        self, vector: np.ndarray, reference: ReferenceStatistics, names: np.ndarray
    ) -> None:
        (self.region_mean, self.region_spread), (self.whole_mean, self.whole_spread) = (
            reference.query_moments(vector)
        )
        self._other_names = names[names @ vector < OTHER_NAME_BELOW]

    def margin(self, score: float, vector: np.ndarray) -> float:
        """A region's similarity to the query, less the highest one to a name of another thing.

        Args:
            score: the query's similarity to the region.
            vector: float32 (D,), the region.
        """
        return score - float((self._other_names @ vector).max(initial=-1.0))


def feature_row(
    region_scores: np.ndarray,
    mask_scores: Sequence[float],
    region_vectors: np.ndarray,
    shown: int | None,
    whole_score: float,
    whole_vector: np.ndarray,
    statistics: QueryStatistics,
) -> np.ndarray:
    """Features for the probability, float64 (13,). Used for fitting and searching.

    For the most similar region, then for the one shown: similarity, its z-score among this query's
    similarities to ordinary regions (some words are similar to everything), log mask score, and
    ``QueryStatistics.margin``. For the three most similar regions: mean similarity and its
    z-score. For the whole photo: similarity, z-score, margin. A photo without regions counts as
    one with a single region that is the whole photo.

    Args:
        region_scores: (N,), the query's similarities; ``mask_scores`` and ``region_vectors`` are in
            the same order.
        shown: index of the region that is shown; None without regions.
        whole_score: the query's similarity to ``whole_vector``.
    """
    best = shown = 0 if shown is None else shown
    if len(region_scores):
        best = int(np.argmax(region_scores))
    else:
        region_scores, mask_scores = np.array([whole_score]), [0.0]
        region_vectors = whole_vector[None]

    def z_score(score: float) -> float:
        return (score - statistics.region_mean) / statistics.region_spread

    row = []
    for index in (best, shown):
        score = float(region_scores[index])
        row += [score, z_score(score), np.log(max(mask_scores[index], 1e-3))]
        row.append(statistics.margin(score, region_vectors[index]))
    top_mean = float(np.sort(region_scores)[-3:].mean())
    row += [top_mean, z_score(top_mean), whole_score]
    row.append((whole_score - statistics.whole_mean) / statistics.whole_spread)
    row.append(statistics.margin(whole_score, whole_vector))
    return np.array(row)

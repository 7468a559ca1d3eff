"""Fitted numbers: weights of scores, and logistic regressions that give the probabilities."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from engine.scoring.term_scorer import TermMatch
from engine.starter.arrays import broken, missing
from engine.starter.matching.match_features import MatchFeatures

FILE_NAME = "calibration.json"


@dataclass(frozen=True)
class Calibration:
    """The fitted numbers of the term scorer; the fields are the keys of the file.

    Attributes:
        whole_weight: weight of the whole photo's similarity in a photo's rough score.
        scene_alone: slope and constant that give the rough score of a photo without regions from
            the whole photo's similarity.
        regions: coefficients of ``MatchFeatures.regions``, then the constant; logistic regression
            (Platt 1999) of whether a region is the thing as a whole.
        photo: coefficients of ``MatchFeatures.photos``, then the constant; the same of whether the
            photo has the thing.
        fused: coefficients of ``fused_features``, then the constant; the same of whether the photo
            fits a whole sentence.
        name_sharpness: how fast a name's probability falls with its similarity's distance from the
            best one.
        named: coefficients of the log share and of the similarity of a region's likeliest name,
            then the constant; logistic regression of whether that name is right.
        match_at: a probability from here on is a match.
        no_below: a probability below this is a no.
    """

    whole_weight: float
    scene_alone: tuple[float, float]
    regions: tuple[float, ...]
    photo: tuple[float, ...]
    fused: tuple[float, ...]
    name_sharpness: float
    named: tuple[float, float, float]
    match_at: float
    no_below: float

    def region_probabilities(self, features: MatchFeatures) -> np.ndarray:
        """The probability that each region is the thing as a whole, float64 (P, M)."""
        return logistic(features.regions, self.regions)

    def photo_probabilities(self, features: MatchFeatures, regions: np.ndarray) -> np.ndarray:
        """The probability that each photo has the thing, float64 (P,), 0..1.

        Args:
            regions: of ``region_probabilities``.
        """
        return logistic(features.photos(regions), self.photo)

    def fused_probability(self, features: np.ndarray) -> float:
        """The probability that a photo fits a sentence, 0..1, from ``fused_features``."""
        return float(logistic(features, self.fused))

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read the JSON file.

        Raises:
            ModelMissing: there is no such file.
            ModelBroken: it is not a calibration.
        """
        try:
            values = json.loads(path.read_text("utf-8"))
            for field in fields(cls):
                if isinstance(values[field.name], list):
                    values[field.name] = tuple(values[field.name])
            return cls(**values)
        except FileNotFoundError as error:
            raise missing(path) from error
        except (ValueError, KeyError, TypeError) as error:
            raise broken(path) from error

    def save(self, path: Path) -> None:
        """Write the JSON file."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")


def fused_features(terms: Sequence[TermMatch], sentence_score: float) -> np.ndarray:
    """Features of a photo for a sentence of T terms, float64 (3,): the sentence's score, the terms'
    scores summed and divided by the root of T, and the mean logit of their probabilities."""
    if not terms:
        return np.array([sentence_score, sentence_score, 0.0])
    scores = np.array([term.score for term in terms])
    clipped = np.clip([term.probability for term in terms], 1e-4, 1 - 1e-4)
    logits = np.log(clipped / (1 - clipped))
    return np.array([sentence_score, scores.sum() / len(scores) ** 0.5, logits.mean()])


def logistic(rows: np.ndarray, coefficients: tuple[float, ...]) -> np.ndarray:
    """Probabilities (...) of rows (..., F), by F coefficients and a constant."""
    *weights, constant = coefficients
    return np.asarray(1 / (1 + np.exp(-np.clip(rows @ np.array(weights) + constant, -60, 60))))

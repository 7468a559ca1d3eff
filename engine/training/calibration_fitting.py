"""Fits a ``Calibration`` on photos that the models were not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.evaluation.metrics import average_precision_at, mean
from engine.scoring.photo_scorer import RegionSimilarities
from engine.starter.matching.calibration import Calibration, QueryStatistics, feature_row
from engine.starter.matching.embedder import StarterTextEmbedder, region_vectors, whole_vector
from engine.starter.matching.reference_statistics import ReferenceStatistics
from engine.starter.matching.region_selection import selection_features
from engine.starter.matching.scorer import StarterScorer
from engine.starter.text.text_map import TextMap
from engine.training.map_training import MATCH_IOU, Sample

FITTED_PHOTOS_PER_QUERY = 50
"""Probabilities are fitted over this many best-ranked photos of every query."""
WHOLE_WEIGHTS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
"""Candidates for ``Calibration.whole_weight``."""
RIDGE = 1.0
"""Penalty of the logistic regression."""


@dataclass(frozen=True)
class EmbeddedSample:
    """A sample and its vectors.

    Attributes:
        regions: float32 (N, D), of the proposed masks.
        whole: float32 (D,), of the whole photo.
    """

    sample: Sample
    regions: np.ndarray
    whole: np.ndarray


def embed(samples: Sequence[Sample], text_map: TextMap) -> list[EmbeddedSample]:
    """The samples with the vectors that the product would store."""
    return [
        EmbeddedSample(
            s, region_vectors(text_map, s.regions, s.colours), whole_vector(text_map, s.whole)
        )
        for s in samples
    ]


def fit_calibration(
    samples: Sequence[EmbeddedSample],
    queries: Sequence[str],
    reference: ReferenceStatistics,
    text_embedder: StarterTextEmbedder,
) -> tuple[Calibration, dict[str, float]]:
    """Fit all parameters, one after the other.

    Args:
        samples: photos that the models were not fitted on.
        queries: category names.

    Returns:
        The calibration, and its mean average precisions on the same photos.
    """
    vectors = text_embedder.embed(queries)
    calibration = Calibration(
        0.0, (1.0, 0.0), _selection_weights(samples, queries, vectors), (), 0.5, 0.15
    )
    # The middle of the best three adjacent weights: the figure of a single weight is noisy.
    trials = [replace(calibration, whole_weight=weight) for weight in WHOLE_WEIGHTS]
    image_maps = np.array(
        [_mean_average_precisions(samples, queries, vectors, trial)[0] for trial in trials]
    )
    calibration = trials[int(np.convolve(image_maps, np.ones(3), "valid").argmax()) + 1]
    calibration = replace(calibration, scene_alone=_fit_scene_alone(samples, vectors, calibration))
    image_map, object_map = _mean_average_precisions(samples, queries, vectors, calibration)
    rows, labels = _feature_rows(
        samples, queries, vectors, calibration, reference, text_embedder.known_names
    )
    calibration = replace(calibration, coefficients=_logistic_regression(rows, labels))
    return calibration, {"image_map_at_50": image_map, "object_map_at_50_iou50": object_map}


def _selection_weights(
    samples: Sequence[EmbeddedSample], queries: Sequence[str], vectors: np.ndarray
) -> tuple[float, ...]:
    """Weights of ``selection_features`` by conditional logit (McFadden 1974).

    The probability of a region is its softmax over the photo's regions. Maximised is the summed
    probability of the regions that lie on a thing with the query's name.
    """
    from scipy.optimize import minimize

    cases = []
    for query, vector in zip(queries, vectors, strict=True):
        of_query = []
        for e in samples:
            named = [k for k, name in enumerate(e.sample.thing_names) if name == query]
            correct = e.sample.ious[:, named].max(1, initial=0) >= MATCH_IOU
            if correct.any():
                of_query.append((selection_features(_similarities_of(e, vector)), correct))
        cases += [(rows, correct, len(of_query) ** -0.5) for rows, correct in of_query]
    spread = np.concatenate([rows for rows, *_ in cases]).std(0) + 1e-9

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, gradient = weights @ weights / 2, weights.copy()
        for rows, correct, importance in cases:
            x = rows / spread
            chances = np.exp(x @ weights - (x @ weights).max())
            chances /= chances.sum()
            hit = chances[correct].sum() + 1e-9
            total -= importance * np.log(hit)
            gradient -= importance * ((chances * correct / hit - chances) @ x)
        return total, gradient

    found = minimize(loss, np.zeros(len(spread)), jac=True, method="L-BFGS-B").x
    return tuple(float(w) for w in found / spread)


def _fit_scene_alone(
    samples: Sequence[EmbeddedSample], vectors: np.ndarray, calibration: Calibration
) -> tuple[float, float]:
    """Slope and constant of a linear fit of the score to the whole photo's similarity."""
    scorer = StarterScorer(calibration)
    similarities = [_similarities_of(e, v) for v in vectors for e in samples if len(e.regions)]
    scenes = np.array([each.whole_score for each in similarities])
    slope, constant = np.polyfit(scenes, [scorer.score(each) for each in similarities], 1)
    return float(slope), float(constant)


def _mean_average_precisions(
    samples: Sequence[EmbeddedSample],
    queries: Sequence[str],
    vectors: np.ndarray,
    calibration: Calibration,
) -> tuple[float, float]:
    """Image mAP@50, and object mAP@50 at IoU 0.5, over the queries."""
    scorer = StarterScorer(calibration)
    image_aps, object_aps = [], []
    for query, vector in zip(queries, vectors, strict=True):
        relevant = [query in e.sample.names for e in samples]
        if not any(relevant):
            continue
        scores: list[float] = []
        outlined: list[bool] = []
        for e in samples:
            similarities = _similarities_of(e, vector)
            scores.append(scorer.score(similarities))
            named = [k for k, name in enumerate(e.sample.thing_names) if name == query]
            shown = scorer.region(similarities)
            hit = shown is not None and bool(named)
            outlined.append(hit and bool(e.sample.ious[shown, named].max() >= MATCH_IOU))
        order = np.argsort(-np.array(scores), kind="stable")
        total = sum(relevant)
        image_aps.append(average_precision_at([relevant[k] for k in order], total))
        object_aps.append(average_precision_at([outlined[k] for k in order], total))
    return mean(image_aps), mean(object_aps)


def _similarities_of(e: EmbeddedSample, vector: np.ndarray) -> RegionSimilarities:
    return RegionSimilarities(
        region_scores=e.regions @ vector,
        mask_scores=e.sample.mask_scores,
        boxes_xyxy=e.sample.boxes_xyxy,
        area_fractions=e.sample.areas,
        whole_score=float(e.whole @ vector),
    )


def _feature_rows(
    samples: Sequence[EmbeddedSample],
    queries: Sequence[str],
    vectors: np.ndarray,
    calibration: Calibration,
    reference: ReferenceStatistics,
    names: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """``feature_row`` of the best-ranked photos of every query, (N, 13), and labels, bool (N,)."""
    scorer = StarterScorer(calibration)
    rows, labels = [], []
    for query, vector in zip(queries, vectors, strict=True):
        statistics = QueryStatistics(vector, reference, names)
        similarities = [_similarities_of(e, vector) for e in samples]
        scores = np.array([scorer.score(each) for each in similarities])
        for k in np.argsort(-scores, kind="stable")[:FITTED_PHOTOS_PER_QUERY]:
            of_photo = similarities[k]
            rows.append(
                feature_row(
                    of_photo.region_scores,
                    of_photo.mask_scores,
                    samples[k].regions,
                    scorer.region(of_photo),
                    of_photo.whole_score,
                    samples[k].whole,
                    statistics,
                )
            )
            labels.append(query in samples[k].sample.names)
    return np.stack(rows), np.array(labels)


def _logistic_regression(rows: np.ndarray, labels: np.ndarray) -> tuple[float, ...]:
    """Logistic regression with a ridge penalty, by Newton's method.

    Returns:
        The coefficients, then the constant.
    """
    centre, spread = rows.mean(0), rows.std(0) + 1e-9
    x = np.column_stack([(rows - centre) / spread, np.ones(len(rows))])
    w = np.zeros(x.shape[1])
    penalty = RIDGE * np.eye(len(w))
    penalty[-1, -1] = 0
    for _ in range(30):
        p = 1 / (1 + np.exp(-(x @ w)))
        gradient = x.T @ (p - labels) + penalty @ w
        hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty
        w = w - np.linalg.solve(hessian, gradient)
    slopes = w[:-1] / spread
    return (*(float(s) for s in slopes), float(w[-1] - slopes @ centre))

"""Fitting a ``Calibration`` on photos that the models were not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.evaluation.metrics import average_precision_at, mean
from engine.scoring.photo_scorer import RegionSimilarities
from engine.starter.matching.calibration import Calibration, QueryLevels, feature_row
from engine.starter.matching.embedder import StarterTextEmbedder, region_vectors, whole_vector
from engine.starter.matching.reference_levels import Reference
from engine.starter.matching.region_selection import choice_rows
from engine.starter.matching.scorer import StarterScorer
from engine.starter.text.text_map import TextMap
from engine.training.map_training import MATCH_IOU, Sample

FIRST = 50
"""Probabilities are fitted over the first so many photos of every query, as they are judged."""
WHOLE_WEIGHTS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
RIDGE = 1.0


@dataclass(frozen=True)
class Embedded:
    """A sample and its vectors."""

    sample: Sample
    regions: np.ndarray
    whole: np.ndarray


def embed(samples: Sequence[Sample], text_map: TextMap) -> list[Embedded]:
    """The vectors that the product would store."""
    return [
        Embedded(s, region_vectors(text_map, s.regions, s.colours), whole_vector(text_map, s.whole))
        for s in samples
    ]


def fit_calibration(
    held: Sequence[Embedded],
    queries: Sequence[str],
    reference: Reference,
    texts: StarterTextEmbedder,
) -> tuple[Calibration, dict[str, float]]:
    """Fit everything, one after the other; the figures on the same photos."""
    vectors = texts.embed(queries)
    calibration = Calibration(0.0, (1.0, 0.0), _choice(held, queries, vectors), (), 0.5, 0.15)
    # The weight in the middle of those that do best: the figures of single weights are noise.
    trials = [replace(calibration, whole_weight=weight) for weight in WHOLE_WEIGHTS]
    image_maps = np.array([_rank(held, queries, vectors, trial)[0] for trial in trials])
    calibration = trials[int(np.convolve(image_maps, np.ones(3), "valid").argmax()) + 1]
    calibration = replace(calibration, scene_alone=_scene_alone(held, vectors, calibration))
    image_map, object_map = _rank(held, queries, vectors, calibration)
    rows, labels = _similarities(held, queries, vectors, calibration, reference, texts.known_names)
    calibration = replace(calibration, coefficients=_logistic(rows, labels))
    return calibration, {"image_map_at_50": image_map, "object_map_at_50_iou50": object_map}


def _choice(held, queries, vectors) -> tuple[float, ...]:
    """Conditional logit (McFadden 1974): the chance of a region is that of the softmax over the
    photo's regions, and any region that lies on a wanted thing will do."""
    from scipy.optimize import minimize

    cases = []
    for query, vector in zip(queries, vectors, strict=True):
        of_query = []
        for e in held:
            wanted = [k for k, name in enumerate(e.sample.thing_names) if name == query]
            right = e.sample.ious[:, wanted].max(1, initial=0) >= MATCH_IOU
            if right.any():
                of_query.append((choice_rows(_similarities_of(e, vector)), right))
        cases += [(rows, right, len(of_query) ** -0.5) for rows, right in of_query]
    spread = np.concatenate([rows for rows, *_ in cases]).std(0) + 1e-9

    def loss(weights):
        total, slope = weights @ weights / 2, weights.copy()
        for rows, right, importance in cases:
            x = rows / spread
            chances = np.exp(x @ weights - (x @ weights).max())
            chances /= chances.sum()
            hit = chances[right].sum() + 1e-9
            total -= importance * np.log(hit)
            slope -= importance * ((chances * right / hit - chances) @ x)
        return total, slope

    found = minimize(loss, np.zeros(len(spread)), jac=True, method="L-BFGS-B").x
    return tuple(float(w) for w in found / spread)


def _scene_alone(held, vectors, calibration) -> tuple[float, float]:
    """The score as a line through the similarities of the scenes, for photos without regions."""
    scorer = StarterScorer(calibration)
    similarities = [_similarities_of(e, v) for v in vectors for e in held if len(e.regions)]
    scenes = np.array([one.whole_score for one in similarities])
    slope, constant = np.polyfit(scenes, [scorer.score(one) for one in similarities], 1)
    return float(slope), float(constant)


def _rank(held, queries, vectors, calibration) -> tuple[float, float]:
    """Image mAP@50 and object mAP@50@50 of every query over the held photos."""
    scorer = StarterScorer(calibration)
    image_aps, object_aps = [], []
    for query, vector in zip(queries, vectors, strict=True):
        relevant = np.array([query in e.sample.names for e in held])
        if not relevant.any():
            continue
        scores, outlined = [], []
        for e in held:
            similarities = _similarities_of(e, vector)
            scores.append(scorer.score(similarities))
            wanted = [k for k, name in enumerate(e.sample.thing_names) if name == query]
            shown = scorer.region(similarities)
            hit = shown is not None and bool(wanted)
            outlined.append(hit and e.sample.ious[shown, wanted].max() >= MATCH_IOU)
        order = np.argsort(-np.array(scores), kind="stable")
        total = int(relevant.sum())
        image_aps.append(average_precision_at(relevant[order], total))
        object_aps.append(average_precision_at(np.array(outlined)[order], total))
    return mean(image_aps), mean(object_aps)


def _similarities_of(e: Embedded, vector: np.ndarray) -> RegionSimilarities:
    return RegionSimilarities(
        region_scores=e.regions @ vector,
        mask_scores=e.sample.mask_scores,
        boxes_xyxy=e.sample.boxes_xyxy,
        area_fractions=e.sample.areas,
        whole_score=float(e.whole @ vector),
    )


def _similarities(held, queries, vectors, calibration, reference, names):
    """``feature_row`` and truth of the first photos of every query."""
    scorer = StarterScorer(calibration)
    rows, labels = [], []
    for query, vector in zip(queries, vectors, strict=True):
        levels = QueryLevels(vector, reference, names)
        similarities = [_similarities_of(e, vector) for e in held]
        scores = np.array([scorer.score(one) for one in similarities])
        for k in np.argsort(-scores, kind="stable")[:FIRST]:
            one = similarities[k]
            rows.append(
                feature_row(
                    one.region_scores,
                    one.mask_scores,
                    held[k].regions,
                    scorer.region(one),
                    one.whole_score,
                    held[k].whole,
                    levels,
                )
            )
            labels.append(query in held[k].sample.names)
    return np.stack(rows), np.array(labels)


def _logistic(rows: np.ndarray, labels: np.ndarray) -> tuple[float, ...]:
    """Logistic regression by Newton's method; coefficients, then the constant."""
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

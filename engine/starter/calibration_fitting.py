"""Fitting a ``Calibration`` on photos that the models were not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from engine.evaluate.metrics import average_precision_at, mean
from engine.search.scorer import PhotoEvidence
from engine.starter.calibration import Calibration, evidence_row
from engine.starter.embedder import StarterTextEmbedder, region_vectors, whole_vector
from engine.starter.map_training import MATCH_IOU, Sample
from engine.starter.reference import Reference
from engine.starter.scorer import StarterScorer
from engine.starter.text_encoder import SentenceEncoder
from engine.starter.text_map import TextMap

FIRST = 50
"""Probabilities are fitted over the first so many photos of every query, as they are judged."""
WHOLE_WEIGHTS = (0.25, 0.5, 0.75, 1.0)
MASK_WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2)
AREA_WEIGHTS = (0.0, 0.02, 0.04, 0.06, 0.08)
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
    text_map: TextMap,
    encoder: SentenceEncoder,
) -> tuple[Calibration, dict[str, float]]:
    """Choose the scorer's weights by a grid, fit the probability; the figures on the same photos."""
    vectors = StarterTextEmbedder(encoder, text_map).embed(queries)
    calibration = Calibration(0.5, 0.0, 0.0, (0.0,) * 6, 0.5, 0.15)
    best = (-1.0, calibration)
    for whole_weight in WHOLE_WEIGHTS:
        trial = replace(calibration, whole_weight=whole_weight)
        best = max(best, (_rank(held, queries, vectors, trial)[0], trial), key=lambda pair: pair[0])
    image_map, calibration = best
    best = (-1.0, calibration)
    for mask_weight, area_weight in product(MASK_WEIGHTS, AREA_WEIGHTS):
        trial = replace(calibration, mask_weight=mask_weight, area_weight=area_weight)
        best = max(best, (_rank(held, queries, vectors, trial)[1], trial), key=lambda pair: pair[0])
    object_map, calibration = best
    rows, labels = _evidence(held, queries, vectors, calibration, reference)
    calibration = replace(calibration, coefficients=_logistic(rows, labels))
    return calibration, {"image_map_at_50": image_map, "object_map_at_50_iou50": object_map}


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
            result = scorer.score(_photo_evidence(e, vector))
            scores.append(result.score)
            wanted = [k for k, name in enumerate(e.sample.thing_names) if name == query]
            hit = result.region is not None and bool(wanted)
            outlined.append(hit and e.sample.ious[result.region, wanted].max() >= MATCH_IOU)
        order = np.argsort(-np.array(scores), kind="stable")
        total = int(relevant.sum())
        image_aps.append(average_precision_at(relevant[order], total))
        object_aps.append(average_precision_at(np.array(outlined)[order], total))
    return mean(image_aps), mean(object_aps)


def _photo_evidence(e: Embedded, vector: np.ndarray) -> PhotoEvidence:
    return PhotoEvidence(
        region_scores=e.regions @ vector,
        mask_scores=e.sample.mask_scores,
        boxes_xyxy=e.sample.boxes_xyxy,
        area_fractions=e.sample.areas,
        whole_score=float(e.whole @ vector),
    )


def _evidence(held, queries, vectors, calibration, reference) -> tuple[np.ndarray, np.ndarray]:
    """``evidence_row`` and truth of the first photos of every query."""
    scorer = StarterScorer(calibration)
    rows, labels = [], []
    for query, vector in zip(queries, vectors, strict=True):
        levels = reference.levels(vector)
        evidence = [_photo_evidence(e, vector) for e in held]
        scores = np.array([scorer.score(one).score for one in evidence])
        for k in np.argsort(-scores, kind="stable")[:FIRST]:
            one = evidence[k]
            rows.append(
                evidence_row(one.region_scores, one.mask_scores, one.whole_score, levels)
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

"""Fits how the terms of a sentence are fused, on photos that the models were not fitted on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np

from engine.fusion.plan_scorer import PlanScorer
from engine.records import QueryPlan, Span, Thing
from engine.scoring.term_scorer import TermScorer
from engine.starter.matching.calibration import fused_features
from engine.training.calibration_fitting import EmbeddedSample
from engine.training.logistic_regression import logistic_regression

PENALTY = 0.1
MOST_PAIRS = 120
LEAST_PHOTOS = 2
"""Pairs of names that fewer photos have are not used."""
FITTED_PHOTOS_PER_PAIR = 40
OWN_WEIGHT, OTHERS_WEIGHT = 0.3, 3.0
"""Weight of a sentence with the photo that it describes, and with all other photos together. Others
are not all wrong, and a pair of names has a weight of ``FITTED_PHOTOS_PER_PAIR``."""


def fit_fused(
    samples: Sequence[EmbeddedSample],
    sentences: Mapping[str, Sequence[str]],
    parse: Callable[[str], QueryPlan],
    scorer: TermScorer,
    seed: int = 0,
) -> tuple[float, ...]:
    """Coefficients of the probability that a photo fits a sentence.

    Fitted on sentences that describe a photo each, for the order of the hits, and on pairs of names
    ("dog and frisbee"), of which the annotations say which photos have both, for the probability.

    Args:
        sentences: by file name; photos without any only serve as wrong answers.
        parse: of the parser of queries.
        scorer: with the calibration of single things.
    """
    photos = len(samples)
    rows, labels, weights = [], [], []
    for k, e in enumerate(samples):
        for sentence in sentences.get(e.sample.name, ()):
            rows.append(_features(parse(sentence), scorer, samples))
            own = np.arange(photos) == k
            labels.append(own)
            weights.append(np.where(own, OWN_WEIGHT, OTHERS_WEIGHT / (photos - 1)))
    for first, second in _pairs(samples, seed):
        features = _features(_both(first, second), scorer, samples)
        best = np.argsort(-features[:, 1])[:FITTED_PHOTOS_PER_PAIR]
        rows.append(features[best])
        both = [{first, second} <= samples[k].sample.names for k in best]
        labels.append(np.array(both))
        weights.append(np.ones(len(best)) / MOST_PAIRS * FITTED_PHOTOS_PER_PAIR)
    return logistic_regression(
        np.concatenate(rows), np.concatenate(labels), PENALTY, np.concatenate(weights)
    )


def _features(plan: QueryPlan, scorer: TermScorer, samples: Sequence[EmbeddedSample]) -> np.ndarray:
    """``fused_features`` of every photo, (P, 3)."""
    photos = [e.arrays for e in samples]
    terms, sentences = PlanScorer(plan, scorer).terms(photos)
    return np.array([fused_features(t, float(s)) for t, s in zip(terms, sentences, strict=True)])


def _both(first: str, second: str) -> QueryPlan:
    text = f"{first} and {second}"
    end = len(first)
    things = (Thing((first,), Span(0, end)), Thing((second,), Span(end + 5, len(text))))
    return QueryPlan(text, text, things)


def _pairs(samples: Sequence[EmbeddedSample], seed: int) -> list[tuple[str, str]]:
    """Names that some photos have both, at most ``MOST_PAIRS``."""
    counts = Counter(pair for e in samples for pair in combinations(sorted(e.sample.names), 2))
    found = [pair for pair, count in sorted(counts.items()) if count >= LEAST_PHOTOS]
    order = np.random.default_rng(seed).permutation(len(found))[:MOST_PAIRS]
    return [found[i] for i in order]

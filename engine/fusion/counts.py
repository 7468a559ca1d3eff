"""The probability of a number of things, from the probabilities of single ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.records import Count


def count_distribution(probabilities: Sequence[float]) -> np.ndarray:
    """The Poisson binomial distribution: entry k is the probability of exactly k, (N + 1,)."""
    distribution = np.ones(1)
    for p in probabilities:
        distribution = np.convolve(distribution, [1 - p, p])
    return distribution


def count_probability(count: Count, probabilities: Sequence[float]) -> float:
    """The probability that the number of things satisfies ``count``.

    Args:
        probabilities: of distinct things, each independent of the others.
    """
    distribution = count_distribution(probabilities)
    end = None if count.most is None else count.most + 1
    return float(np.clip(distribution[count.least : end].sum(), 0.0, 1.0))

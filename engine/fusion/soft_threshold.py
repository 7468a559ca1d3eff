"""A comparison that is a probability near its threshold instead of a hard cut."""

from __future__ import annotations

import numpy as np


def soft_above(values: np.ndarray, threshold: float, softness: float) -> np.ndarray:
    """A soft ``values > threshold``, 0..1: a logistic curve that is 0.5 at the threshold."""
    return np.asarray(1 / (1 + np.exp(-np.clip((values - threshold) / softness, -50, 50))))

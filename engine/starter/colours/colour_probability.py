"""How likely a thing has a colour, from its colour vector."""

from __future__ import annotations

import numpy as np

from engine.starter.colours.colour_vectors import COLOURS, MEAN_VALUES

SHARE_WEIGHT, LEAD_WEIGHT, CONSTANT = 5.82, 1.88, -3.04
"""Logistic regression on 4,604 pairs of a thing that was labelled by eye and a colour; fitted by
``python -m engine.training.colour_fitting``."""


def colour_features(colours: np.ndarray, colour: str) -> np.ndarray:
    """float64 (N, 2): value of the colour, and its lead over the highest value of another one.

    Args:
        colours: of ``colour_vectors``, (N, 11).
    """
    values = colours.astype(np.float64) + MEAN_VALUES
    index = COLOURS.index(colour)
    others = np.delete(values, index, axis=1).max(axis=1)
    return np.stack([values[:, index], values[:, index] - others], axis=1)


def colour_probabilities(colours: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """How likely each thing has the colours that a query names, float64 (N,), 0..1.

    Of several colours that belong to one thing ("red and white") the least likely one decides.

    Args:
        colours: of ``colour_vectors``, (N, 11).
        weights: of ``parse_colours``, (11,); negative for a colour that the thing must not have.
    """
    found = np.ones(len(colours))
    for name, weight in zip(COLOURS, weights, strict=True):
        if not weight:
            continue
        share, lead = colour_features(colours, name).T
        has = 1 / (1 + np.exp(-(SHARE_WEIGHT * share + LEAD_WEIGHT * lead + CONSTANT)))
        found = np.minimum(found, has if weight > 0 else 1 - has)
    return found

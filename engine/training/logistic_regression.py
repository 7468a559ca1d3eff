"""Logistic regression with a ridge penalty."""

from __future__ import annotations

import numpy as np


def logistic_regression(
    rows: np.ndarray, labels: np.ndarray, penalty: float, weights: np.ndarray | None = None
) -> tuple[float, ...]:
    """Fitted by Newton's method on standardised columns; the constant is not penalised.

    Args:
        rows: (N, F).
        labels: (N,), 0 to 1.
        weights: (N,); None for 1 each.

    Returns:
        The F coefficients for the columns as they are, then the constant.
    """
    importance = np.ones(len(rows)) if weights is None else weights
    centre = np.average(rows, axis=0, weights=importance)
    spread = rows.std(0) + 1e-9
    x = np.column_stack([(rows - centre) / spread, np.ones(len(rows))])
    w = np.zeros(x.shape[1])
    ridge = penalty * np.eye(len(w))
    ridge[-1, -1] = 0
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -60, 60)))
        gradient = x.T @ (importance * (p - labels)) + ridge @ w
        hessian = (x * (importance * (p * (1 - p) + 1e-9))[:, None]).T @ x + ridge
        w = w - np.linalg.solve(hessian, gradient)
    slopes = w[:-1] / spread
    return (*(float(s) for s in slopes), float(w[-1] - slopes @ centre))

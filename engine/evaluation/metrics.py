"""Metrics of ranking, mask recall and calibration; pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

IOU_AT_LEAST = 0.5
"""A mask covers an object if their intersection over union is at least this."""


def average_precision_at(relevance: Sequence[bool], relevant_total: int, k: int = 50) -> float:
    """Average precision of one ranking, cut after ``k``.

    AP@k = sum over ranks r <= k of precision(r) * relevant(r), divided by min(k, relevant_total).

    >>> average_precision_at([True, False, True], 2)
    0.8333333333333333

    Args:
        relevance: whether each returned photo is relevant, best rank first.
        relevant_total: number of relevant photos, returned or not.

    Raises:
        ValueError: nothing is relevant; the average precision is then undefined.
    """
    if relevant_total < 1:
        raise ValueError(f"expected at least one relevant photo, got {relevant_total}")
    counted = np.asarray(relevance[:k], dtype=float)
    precision = np.cumsum(counted) / np.arange(1, len(counted) + 1)
    return float((precision * counted).sum() / min(k, relevant_total))


def count_covered(ious: Sequence[np.ndarray], first: int) -> tuple[int, int]:
    """How many objects are covered by at least one of the first masks of their photo.

    Args:
        ious: per photo, intersection over union of its masks (rows, best first) with its objects
            (columns); float (masks, objects).
        first: masks of each photo that count.

    Returns:
        The number of covered objects and the number of all objects.
    """
    covered = total = 0
    for photo in ious:
        total += photo.shape[1]
        if photo.shape[0] and photo.shape[1]:
            covered += int((photo[:first].max(axis=0) >= IOU_AT_LEAST).sum())
    return covered, total


def auroc(labels: Sequence[bool], probabilities: Sequence[float]) -> float | None:
    """Area under the ROC curve: the chance that a positive is rated above a negative.

    Ties count half.

    >>> auroc([True, False, True], [0.9, 0.5, 0.5])
    0.75

    Returns:
        None unless there are both positives and negatives.
    """
    truth = np.asarray(labels, dtype=bool)
    rated = np.asarray(probabilities, dtype=float)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if positives == 0 or negatives == 0:
        return None
    _, place, counts = np.unique(rated, return_inverse=True, return_counts=True)
    # Ranks from 1; equal values share the mean of the ranks they take up.
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = mean_rank[place][truth].sum()
    return float((rank_sum - positives * (positives + 1) / 2) / (positives * negatives))


def expected_calibration_error(
    labels: Sequence[bool], probabilities: Sequence[float], bins: int = 10
) -> float | None:
    """Mean difference of mean probability and share of positives, over bins of equally many pairs.

    Pairs are sorted by probability and split into ``bins`` runs whose lengths differ by at most
    one; each run is weighted by its length.

    >>> round(expected_calibration_error([True, False], [0.8, 0.4], bins=1), 3)
    0.1

    Returns:
        None if there are no pairs.
    """
    truth = np.asarray(labels, dtype=float)
    rated = np.asarray(probabilities, dtype=float)
    if rated.size == 0:
        return None
    order = np.argsort(rated, kind="stable")
    gaps = [
        abs(float(rated[run].mean() - truth[run].mean())) * run.size
        for run in np.array_split(order, min(bins, rated.size))
    ]
    return sum(gaps) / rated.size


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean.

    Raises:
        ValueError: there are no values.
    """
    if not len(values):
        raise ValueError("expected at least one value, got none")
    return float(np.mean(values))

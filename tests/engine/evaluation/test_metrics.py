"""The metrics against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation import metrics


@pytest.mark.parametrize(
    ("relevance", "total", "k", "expected"),
    [
        ([1], 1, 50, 1.0),
        ([0, 1], 1, 50, 1 / 2),
        ([1, 0, 1], 2, 50, (1 + 2 / 3) / 2),
        ([1, 0, 1], 4, 50, (1 + 2 / 3) / 4),  # two relevant photos never returned
        ([], 3, 50, 0.0),
        ([0, 0, 0], 1, 50, 0.0),
        ([0, 0, 1], 1, 2, 0.0),  # the third does not count at k = 2
        ([1, 1, 1], 3, 2, 1.0),  # at most k can be found at k
        ([1, 1, 0, 1], 100, 4, (1 + 1 + 3 / 4) / 4),
        ([0] * 49 + [1], 1, 50, 1 / 50),
        ([0] * 50 + [1], 1, 50, 0.0),
    ],
)
def test_average_precision(relevance, total, k, expected):
    got = metrics.average_precision_at([bool(r) for r in relevance], total, k)
    assert got == pytest.approx(expected)


def test_average_precision_of_nothing_relevant_is_refused():
    with pytest.raises(ValueError, match="at least one relevant"):
        metrics.average_precision_at([False], 0)


def test_covered_share_counts_objects_not_photos():
    first = np.array([[0.4, 0.1], [0.5, 0.2], [0.1, 0.9]])
    second = np.array([[0.49]])
    no_masks = np.zeros((0, 2))
    no_objects = np.zeros((3, 0))
    ious = [first, second, no_masks, no_objects]
    assert metrics.count_covered(ious, 1) == (0, 5)
    assert metrics.count_covered(ious, 2) == (1, 5)
    assert metrics.count_covered(ious, 50) == (2, 5)


@pytest.mark.parametrize(
    ("labels", "rated", "expected"),
    [
        ([1, 0], [0.9, 0.1], 1.0),
        ([1, 0], [0.1, 0.9], 0.0),
        ([1, 0], [0.5, 0.5], 0.5),
        ([1, 0, 1], [0.9, 0.5, 0.5], 0.75),
        ([0, 1, 0, 1], [0.1, 0.4, 0.35, 0.8], 1.0),
        ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.75),
        ([1, 1], [0.2, 0.3], None),
        ([0], [0.2], None),
        ([], [], None),
    ],
)
def test_auroc(labels, rated, expected):
    got = metrics.auroc([bool(label) for label in labels], rated)
    assert got == (None if expected is None else pytest.approx(expected))


def test_auroc_agrees_with_counting_pairs():
    rng = np.random.default_rng(3)
    rated = rng.integers(0, 8, 200) / 8
    labels = rng.random(200) < rated
    pairs = [(a > b) + 0.5 * (a == b) for a in rated[labels] for b in rated[~labels]]
    assert metrics.auroc(labels, rated) == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize(
    ("labels", "rated", "bins", "expected"),
    [
        ([1], [1.0], 10, 0.0),
        ([0], [1.0], 10, 1.0),
        ([1, 0], [0.8, 0.4], 1, 0.1),  # mean 0.6 promised, 0.5 true
        ([1, 0], [0.8, 0.4], 2, (0.2 + 0.4) / 2),
        # Three pairs in two bins: {0.1, 0.2} and {0.9}; gaps 0.15 and 0.1.
        ([0, 0, 1], [0.1, 0.2, 0.9], 2, (0.15 * 2 + 0.1) / 3),
        # The order given does not matter.
        ([1, 0, 0], [0.9, 0.2, 0.1], 2, (0.15 * 2 + 0.1) / 3),
        ([], [], 10, None),
    ],
)
def test_expected_calibration_error(labels, rated, bins, expected):
    got = metrics.expected_calibration_error([bool(label) for label in labels], rated, bins)
    assert got == (None if expected is None else pytest.approx(expected))


def test_perfectly_calibrated_pairs_have_a_small_error():
    rng = np.random.default_rng(5)
    rated = rng.random(20_000)
    labels = rng.random(20_000) < rated
    assert metrics.expected_calibration_error(labels, rated) < 0.02
    assert metrics.expected_calibration_error(labels, rated / 2) > 0.2

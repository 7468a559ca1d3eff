"""Probabilities of numbers of things."""

from __future__ import annotations

import pytest

from engine.fusion.counts import count_distribution, count_probability
from engine.records import Count


def test_the_distribution_of_two_fair_coins() -> None:
    assert count_distribution([0.5, 0.5]) == pytest.approx([0.25, 0.5, 0.25])


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (Count(2), 0.25),
        (Count(1), 0.75),
        (Count(1, 1), 0.5),
        (Count(0, 1), 0.75),
        (Count(3), 0.0),
    ],
)
def test_the_count_sums_what_satisfies_it(count: Count, expected: float) -> None:
    assert count_probability(count, [0.5, 0.5]) == pytest.approx(expected)


def test_without_things_only_none_is_possible() -> None:
    assert count_probability(Count(0, 2), []) == 1.0
    assert count_probability(Count(1), []) == 0.0

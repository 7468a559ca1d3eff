"""Rate and time left, on a clock of our own."""

from __future__ import annotations

import pytest

from engine.indexing.throughput import Throughput


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_known_before_there_is_something_to_measure() -> None:
    pace = Throughput(Clock())
    pace.start()
    assert pace.per_second is None and pace.seconds_left(10) is None


def test_the_rate_follows_the_last_minute() -> None:
    clock = Clock()
    pace = Throughput(clock)
    pace.start()
    for _ in range(20):
        clock.now += 10
        pace.step()
    assert pace.per_second == pytest.approx(0.1)
    for _ in range(200):
        clock.now += 0.5
        pace.step()
    assert pace.per_second == pytest.approx(2.0)
    assert pace.seconds_left(100) == pytest.approx(50.0)


def test_a_pause_is_not_counted() -> None:
    clock = Clock()
    pace = Throughput(clock)
    pace.start()
    clock.now += 1
    pace.step()
    clock.now += 3600
    pace.start()
    clock.now += 1
    pace.step()
    assert pace.per_second == pytest.approx(1.0)

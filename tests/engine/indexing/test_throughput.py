"""Rate and time left, on a clock of our own."""

from __future__ import annotations

import pytest

from engine.indexing.throughput import Throughput


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_there_is_no_rate_before_the_first_photo() -> None:
    throughput = Throughput(Clock())
    throughput.start()
    assert throughput.per_second is None and throughput.seconds_left(10) is None


def test_the_rate_follows_the_last_minute() -> None:
    clock = Clock()
    throughput = Throughput(clock)
    throughput.start()
    for _ in range(20):
        clock.now += 10
        throughput.step()
    assert throughput.per_second == pytest.approx(0.1)
    for _ in range(200):
        clock.now += 0.5
        throughput.step()
    assert throughput.per_second == pytest.approx(2.0)
    assert throughput.seconds_left(100) == pytest.approx(50.0)


def test_a_pause_is_not_counted() -> None:
    clock = Clock()
    throughput = Throughput(clock)
    throughput.start()
    clock.now += 1
    throughput.step()
    clock.now += 3600
    throughput.start()
    clock.now += 1
    throughput.step()
    assert throughput.per_second == pytest.approx(1.0)

"""Measures throughput and estimates the time left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_WINDOW_S = 60.0
_MAX_TIMES = 500


class Throughput:
    """Rate over the last minute of work. One thread writes; any thread may read.

    Attributes:
        per_second: photos a second; None before the first ``step`` after ``start``.

    >>> ticks = iter([0.0, 2.0, 4.0])
    >>> throughput = Throughput(clock=lambda: next(ticks))
    >>> throughput.start(); throughput.step(); throughput.step(); throughput.per_second
    0.5
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=_MAX_TIMES)
        self.per_second: float | None = None

    def start(self) -> None:
        """Start measuring now, for example after a pause."""
        self._times.clear()
        self._times.append(self._clock())
        self.per_second = None

    def step(self) -> None:
        """Count one photo."""
        now = self._clock()
        self._times.append(now)
        while len(self._times) > 2 and now - self._times[0] > _WINDOW_S:
            self._times.popleft()
        span_s = now - self._times[0]
        if span_s > 0:
            self.per_second = (len(self._times) - 1) / span_s

    def seconds_left(self, waiting: int) -> float | None:
        """Seconds that ``waiting`` photos will take; None while the rate is unknown."""
        return waiting / self.per_second if self.per_second else None

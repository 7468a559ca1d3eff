"""How fast it goes and how long it will take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_WINDOW_S = 60.0
_MOST = 500


class Throughput:
    """Rate over the last minute of work. One thread writes; reading is for any.

    >>> ticks = iter([0.0, 2.0, 4.0])
    >>> pace = Pace(clock=lambda: next(ticks))
    >>> pace.start(); pace.step(); pace.step(); pace.per_second
    0.5
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=_MOST)
        self.per_second: float | None = None

    def start(self) -> None:
        """Begin to count from now, after a pause for example."""
        self._times.clear()
        self._times.append(self._clock())
        self.per_second = None

    def step(self) -> None:
        """One more is done."""
        now = self._clock()
        self._times.append(now)
        while len(self._times) > 2 and now - self._times[0] > _WINDOW_S:
            self._times.popleft()
        span_s = now - self._times[0]
        if span_s > 0:
            self.per_second = (len(self._times) - 1) / span_s

    def seconds_left(self, waiting: int) -> float | None:
        """None until there is something to measure."""
        return waiting / self.per_second if self.per_second else None

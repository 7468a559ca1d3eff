"""When a watched folder is due to be scanned: pure arithmetic on a clock that is passed in."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Periods:
    """How patient the watcher is; all in seconds.

    Attributes:
        quiet_s: after an event, wait until none came for this long: files are still being copied.
        longest_s: but never longer than this after the first event.
        rescan_s: how often folders are scanned that cannot be watched.
        safety_s: how often folders are scanned that are watched, because events get lost.
        check_s: how often to look whether a folder has vanished or come back.
    """

    quiet_s: float = 2.0
    longest_s: float = 10.0
    rescan_s: float = 600.0
    safety_s: float = 3600.0
    check_s: float = 30.0

    def __post_init__(self) -> None:
        if min(self.quiet_s, self.longest_s, self.rescan_s, self.safety_s, self.check_s) <= 0:
            raise ValueError(f"expected periods above 0 s, got {self}")


class RescanSchedule:
    """When one folder is due. Times are seconds of one monotonic clock. Not thread-safe."""

    def __init__(self, periods: Periods) -> None:
        self._periods = periods
        self._first_event: float | None = None
        self._last_event = 0.0
        self._next_rescan = float("inf")

    def note_event(self, now: float) -> None:
        """Something changed: due once it is quiet, or has been noisy for too long."""
        if self._first_event is None:
            self._first_event = now
        self._last_event = now

    def hurry(self, now: float) -> None:
        """Due at once."""
        self._next_rescan = now

    def plan_rescan(self, now: float, *, live: bool) -> None:
        """Due anyway after a while, at a random moment so that folders take turns."""
        period_s = self._periods.safety_s if live else self._periods.rescan_s
        self._next_rescan = now + period_s * random.uniform(0.75, 1.25)

    def due_at(self) -> float:
        """The moment from which on it is due; infinity if nothing is planned."""
        if self._first_event is None:
            return self._next_rescan
        quiet = self._last_event + self._periods.quiet_s
        return min(quiet, self._first_event + self._periods.longest_s, self._next_rescan)

    def take(self, now: float, *, live: bool) -> bool:
        """Whether it is due; if so, the events are dealt with and the next rescan is planned."""
        if now < self.due_at():
            return False
        self._first_event = None
        self.plan_rescan(now, live=live)
        return True

"""When a folder is due to be scanned. Pure arithmetic; the time is passed in."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RescanIntervals:
    """Intervals of the folder watcher, in seconds.

    Attributes:
        quiet_s: a folder is scanned once no event came for so long, because files may still be
            copied.
        max_delay_s: longest delay of that scan after the first event.
        unwatched_rescan_s: interval of scans of a folder that cannot be watched.
        watched_rescan_s: interval of scans of a watched folder, because events can be lost.
        root_check_s: interval of checks whether a folder has vanished or come back.
    """

    quiet_s: float = 2.0
    max_delay_s: float = 10.0
    unwatched_rescan_s: float = 600.0
    watched_rescan_s: float = 3600.0
    root_check_s: float = 30.0

    def __post_init__(self) -> None:
        if (
            min(
                self.quiet_s,
                self.max_delay_s,
                self.unwatched_rescan_s,
                self.watched_rescan_s,
                self.root_check_s,
            )
            <= 0
        ):
            raise ValueError(f"expected intervals above 0 s, got {self}")


class RescanSchedule:
    """When one folder is due to be scanned.

    Times are seconds of one monotonic clock. Not thread-safe.
    """

    def __init__(self, intervals: RescanIntervals) -> None:
        self._intervals = intervals
        self._first_event: float | None = None
        self._last_event = 0.0
        self._next_rescan = float("inf")

    def record_event(self, now: float) -> None:
        """Record a change; the folder is due after ``quiet_s`` or ``max_delay_s``."""
        if self._first_event is None:
            self._first_event = now
        self._last_event = now

    def make_due(self, now: float) -> None:
        """Make the folder due at once."""
        self._next_rescan = now

    def plan_rescan(self, now: float, *, live: bool) -> None:
        """Plan the next scan without events, after a random 0.75 to 1.25 of the interval.

        Args:
            live: whether the folder is watched.
        """
        interval_s = (
            self._intervals.watched_rescan_s if live else self._intervals.unwatched_rescan_s
        )
        self._next_rescan = now + interval_s * random.uniform(0.75, 1.25)

    def due_at(self) -> float:
        """The time from which on the folder is due; infinity if no scan is planned."""
        if self._first_event is None:
            return self._next_rescan
        quiet = self._last_event + self._intervals.quiet_s
        return min(quiet, self._first_event + self._intervals.max_delay_s, self._next_rescan)

    def consume_if_due(self, now: float, *, live: bool) -> bool:
        """Whether the folder is due; if so, drop its events and plan the next rescan."""
        if now < self.due_at():
            return False
        self._first_event = None
        self.plan_rescan(now, live=live)
        return True

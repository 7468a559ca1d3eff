"""Whether indexing may start another photo: people, battery and other programs may hold it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum, auto

from engine.jobs import machine
from engine.jobs.machine import ProcessorTimes
from engine.settings import Settings

_LOOK_EVERY_S = 5.0
"""How often battery and processor are looked at."""


class _Cause(Enum):
    BATTERY = auto()
    BUSY = auto()


class PauseControl:
    """Shared by all indexers of a library. Thread-safe.

    Beside ``pause`` it holds indexing while the computer runs on a battery with less charge than
    the settings say, and while other programs use more of the processor than they say. Both are
    looked at every few seconds, by the indexers. ``resume`` ends a hold, too: until its cause has
    gone and come back.

    Args:
        settings: the settings now.
        battery_percent, processor_times, monotonic: of this computer.
    """

    def __init__(
        self,
        settings: Callable[[], Settings] = Settings,
        *,
        battery_percent: Callable[[], float | None] = machine.battery_percent,
        processor_times: Callable[[], ProcessorTimes] = machine.processor_times,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._battery_percent = battery_percent
        self._processor_times = processor_times
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._paused = False
        self._cause: _Cause | None = None
        self._ignored: _Cause | None = None
        self._said = ""
        self._always = False
        self._looked_at_s: float | None = None
        self._times: ProcessorTimes | None = None

    @property
    def paused(self) -> bool:
        """Whether no photo is started now, as far as is known."""
        return self._paused or self._is_held

    @property
    def reason(self) -> str:
        """Why indexing is held though nobody paused it, for people; empty if it is not."""
        return self._said if self._is_held and not self._paused else ""

    def pause(self) -> None:
        """Start no photo until ``resume``."""
        with self._changed:
            self._paused = True

    def resume(self, *, always: bool = False) -> None:
        """Go on, whatever held indexing until now.

        Args:
            always: from now on nothing but ``pause`` holds it.
        """
        with self._changed:
            self._paused = False
            self._ignored = self._cause
            self._always |= always
            self._changed.notify_all()

    def may_start(self) -> bool:
        """Whether another photo may be started. Looks at the computer if it is time to; called by
        the index lane only."""
        now_s = self._monotonic()
        if self._looked_at_s is None or now_s - self._looked_at_s >= _LOOK_EVERY_S:
            self._looked_at_s = now_s
            cause, said = self._look()
            with self._changed:
                if cause is not self._ignored:
                    self._ignored = None
                self._cause, self._said = cause, said
        return not self.paused

    def wait(self, timeout_s: float) -> None:
        """Wait until ``resume`` is called, at most so long."""
        with self._changed:
            if self.paused:
                self._changed.wait(timeout_s)

    @property
    def _is_held(self) -> bool:
        return self._cause is not None and self._cause is not self._ignored

    def _look(self) -> tuple[_Cause | None, str]:
        """What speaks against indexing now, and the sentence for it."""
        if self._always:
            return None, ""
        settings = self._settings()
        percent = self._battery_percent()
        if percent is not None and percent < settings.battery_percent:
            return _Cause.BATTERY, f"Waiting for mains power: the battery has {percent:.0f} %."
        busy = self._others_busy(settings.busy_percent)
        return (_Cause.BUSY, "Waiting while other programs are busy.") if busy else (None, "")

    def _others_busy(self, limit_percent: int) -> bool:
        """Whether other programs took more than this share of all cores since the last look. Half
        of it lets indexing go on, so that it does not start and stop all the time."""
        if not limit_percent:
            self._times = None
            return False
        before, self._times = self._times, self._processor_times()
        if before is None:
            return False
        seconds = (self._times.at_s - before.at_s) * machine.cores()
        # Children that ended take their times with them; others then seem to have worked more.
        own_s = max(0.0, self._times.own_s - before.own_s)
        others = max(0.0, self._times.all_s - before.all_s - own_s) / max(seconds, 1e-3)
        return others * 100 > (limit_percent / 2 if self._cause is _Cause.BUSY else limit_percent)

"""Memory that a parent and its child share, for what must not wait in a pipe."""

from __future__ import annotations

import multiprocessing
import threading
import time

from engine.errors import Cancelled

BEAT_S = 0.2
"""How often a child that runs says so."""


class WorkerSignals:
    """The child's pulse one way, the number of the request that is no longer wanted the other.

    Each of the two is written by one side only, as one aligned word, so no lock is needed.
    """

    def __init__(self, context: multiprocessing.context.BaseContext) -> None:
        self._words = context.RawArray("Q", 2)

    @property
    def silence_s(self) -> float:
        """Since the child's last sign of life, seconds; a few tenths while any of its threads can
        run, and 0 before the first sign."""
        last_ns = self._words[0]
        return (time.monotonic_ns() - last_ns) / 1e9 if last_ns else 0.0

    def start_beating(self) -> None:
        """In the child, once."""
        threading.Thread(target=self._beat, name="pickout-pulse", daemon=True).start()

    def cancel(self, number: int) -> None:
        """Ask the child to give up this request and all before it."""
        self._words[1] = number

    def token(self, number: int) -> SharedToken:
        """In the child: tells whether the request of this number was given up."""
        return SharedToken(self, number)

    def is_cancelled(self, number: int) -> bool:
        return self._words[1] >= number

    def _beat(self) -> None:
        while True:
            self._words[0] = time.monotonic_ns()  # one clock for all processes of a machine
            time.sleep(BEAT_S)


class SharedToken:
    """What ``CancelToken`` is within one process."""

    def __init__(self, signals: WorkerSignals, number: int) -> None:
        self._signals, self._number = signals, number

    @property
    def cancelled(self) -> bool:
        return self._signals.is_cancelled(self._number)

    def raise_if_set(self) -> None:
        """Raises:
        Cancelled: if the parent gave the request up.
        """
        if self.cancelled:
            raise Cancelled

"""Memory shared by a parent and its child, for signals that must not wait in a pipe."""

from __future__ import annotations

import multiprocessing
import threading
import time

from engine.errors import Cancelled

HEARTBEAT_S = 0.2
"""Interval between two heartbeats of a child."""


class WorkerSignals:
    """The time of the child's last heartbeat, and the number of the last cancelled request.

    The child writes the first, the parent the second. Each is one aligned 64-bit word with one
    writer, so no lock is needed.
    """

    def __init__(self, context: multiprocessing.context.BaseContext) -> None:
        self._words = context.RawArray("Q", 2)

    @property
    def seconds_since_heartbeat(self) -> float:
        """Age of the child's last heartbeat; 0 before the first.

        It stays at a few tenths of a second while any thread of the child can run.
        """
        heartbeat_ns = self._words[0]
        return (time.monotonic_ns() - heartbeat_ns) / 1e9 if heartbeat_ns else 0.0

    def start_heartbeat(self) -> None:
        """Start the heartbeat thread; called once, in the child."""
        threading.Thread(
            target=self._write_heartbeats, name="pickout-heartbeat", daemon=True
        ).start()

    def cancel(self, number: int) -> None:
        """Cancel the request of this number and all before it; called in the parent."""
        self._words[1] = number

    def token(self, number: int) -> SharedCancelToken:
        """The cancel token of the request of this number; called in the child."""
        return SharedCancelToken(self, number)

    def is_cancelled(self, number: int) -> bool:
        """Whether the parent cancelled the request of this number."""
        return self._words[1] >= number

    def _write_heartbeats(self) -> None:
        while True:
            self._words[0] = time.monotonic_ns()  # the same clock in all processes of a machine
            time.sleep(HEARTBEAT_S)


class SharedCancelToken:
    """A read-only ``CancelToken`` for a request of another process."""

    def __init__(self, signals: WorkerSignals, number: int) -> None:
        self._signals, self._number = signals, number

    @property
    def cancelled(self) -> bool:
        """Whether the parent cancelled the request."""
        return self._signals.is_cancelled(self._number)

    def raise_if_set(self) -> None:
        """Raise if the parent cancelled the request.

        Raises:
            Cancelled: if it did.
        """
        if self.cancelled:
            raise Cancelled

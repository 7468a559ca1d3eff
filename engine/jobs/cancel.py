"""A flag that asks work to stop."""

from __future__ import annotations

import threading

from engine.errors import Cancelled


class CancelToken:
    """Set once by whoever waits, read often by whoever works. Thread-safe."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop; it does at its next check."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def raise_if_set(self) -> None:
        """Raises:
        Cancelled: if ``cancel`` was called.
        """
        if self._event.is_set():
            raise Cancelled

    def wait(self, timeout_s: float) -> bool:
        """Sleep up to ``timeout_s`` seconds, less if cancelled; True if cancelled."""
        return self._event.wait(timeout_s)

"""A flag that requests work to stop."""

from __future__ import annotations

import threading

from engine.errors import Cancelled


class CancelToken:
    """Set once by the caller, polled by the work. Thread-safe."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Request the work to stop at its next check."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether ``cancel`` was called."""
        return self._event.is_set()

    def raise_if_set(self) -> None:
        """Raise if ``cancel`` was called.

        Raises:
            Cancelled: if it was.
        """
        if self._event.is_set():
            raise Cancelled

    def wait(self, timeout_s: float) -> bool:
        """Sleep up to ``timeout_s`` seconds, less if cancelled; True if cancelled."""
        return self._event.wait(timeout_s)

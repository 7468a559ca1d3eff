"""Calls from any thread, run on the GUI thread."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

TURN_S = 0.008
"""A turn of the event loop spends no longer than this on letters; the rest waits for the next."""


class MainThreadQueue(QObject):
    """Post from any thread; the call runs on the thread that made the mailbox, in order.

    One queued signal carries any number of letters, so thousands of thumbnails do not flood the
    event loop. After ``close`` letters are dropped.
    """

    _woken = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._letters: deque[tuple[Callable, tuple]] = deque()
        self._lock = threading.Lock()
        self._waiting = False
        self._closed = False
        self._woken.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable, *args) -> None:
        """Any thread. ``call(*args)`` runs soon on the GUI thread."""
        with self._lock:
            if self._closed:
                return
            self._letters.append((call, args))
            self._wake()

    def close(self) -> None:
        """Drop what waits and everything posted later."""
        with self._lock:
            self._closed = True
            self._letters.clear()

    def _wake(self) -> None:
        if not self._waiting:
            self._waiting = True
            self._woken.emit()

    def _deliver(self) -> None:
        with self._lock:
            self._waiting = False
        until = time.monotonic() + TURN_S
        while True:
            with self._lock:
                if not self._letters:
                    return
                if time.monotonic() > until:
                    self._wake()
                    return
                call, args = self._letters.popleft()
            try:
                call(*args)
            except BaseException:
                with self._lock:
                    if self._letters:
                        self._wake()
                raise

"""Calls posted from any thread and run on the GUI thread."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

MAX_TURN_S = 0.008
"""Longest time that one turn of the event loop spends on calls; the rest wait for the next turn."""


class MainThreadQueue(QObject):
    """A queue of calls, run in the order of posting on the thread that created the queue.

    One queued signal serves any number of calls, so thousands of thumbnails do not flood the event
    loop. After ``close`` calls are dropped.
    """

    _run_requested = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._calls: deque[tuple[Callable[..., Any], tuple[Any, ...]]] = deque()
        self._lock = threading.Lock()
        self._run_pending = False
        self._closed = False
        self._run_requested.connect(self._run_calls, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[..., Any], *args: Any) -> None:
        """Run ``call(*args)`` soon on the GUI thread. Any thread may post."""
        with self._lock:
            if self._closed:
                return
            self._calls.append((call, args))
            self._request_run()

    def close(self) -> None:
        """Drop all waiting calls and every call posted later."""
        with self._lock:
            self._closed = True
            self._calls.clear()

    def _request_run(self) -> None:
        """The caller holds the lock."""
        if not self._run_pending:
            self._run_pending = True
            self._run_requested.emit()

    def _run_calls(self) -> None:
        with self._lock:
            self._run_pending = False
        deadline = time.monotonic() + MAX_TURN_S
        while True:
            with self._lock:
                if not self._calls:
                    return
                if time.monotonic() > deadline:
                    self._request_run()
                    return
                call, args = self._calls.popleft()
            try:
                call(*args)
            except BaseException:
                with self._lock:
                    if self._calls:
                        self._request_run()
                raise

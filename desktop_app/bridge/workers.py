"""The window's own worker threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Workers:
    """Plain Python threads, not Qt's: the engine may load torch, which can crash in those.

    Args:
        serve: what each thread runs until it is told to stop, by means of its own.
    """

    def __init__(self, name: str, count: int, serve: Callable[[], None]) -> None:
        self._threads = [
            threading.Thread(target=serve, name=f"pickout-ui-{name}-{i}", daemon=True)
            for i in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for all of them, ``timeout_s`` at most; False if one is still busy."""
        until = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

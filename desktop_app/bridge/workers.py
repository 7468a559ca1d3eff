"""The window's own worker threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Workers:
    """Plain Python threads, not Qt's: the engine may load torch, which can crash in those.

    Args:
        serve: body of each thread; it has to return after the owner's stop signal.
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
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

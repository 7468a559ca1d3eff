"""Blocking calls on worker threads, with their results delivered on the GUI thread."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

from desktop_app.bridge.main_thread_queue import MainThreadQueue
from desktop_app.bridge.workers import Workers


class BackgroundCalls:
    """A few worker threads that run calls in order; ``call`` never blocks.

    Args:
        on_error: receives, on the GUI thread, errors of calls without a ``failed`` of their own.
    """

    def __init__(
        self,
        main_thread: MainThreadQueue,
        name: str,
        *,
        threads: int = 1,
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._main_thread = main_thread
        self._on_error = on_error
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stopping = self._dropping = False
        self._count = threads
        self._workers = Workers(name, threads, self._serve)

    def call(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Run ``work`` on a worker thread, then ``done`` or ``failed`` on the GUI thread.

        Args:
            done: receives the result of ``work``.
            failed: receives its error; None for ``on_error``.
        """
        if not self._stopping:
            self._queue.put((work, done, failed or self._on_error))

    def stop(self, *, drop: bool = True) -> None:
        """Accept no further call. Does not wait; see ``join``.

        Args:
            drop: calls that have not begun are not run any more.
        """
        self._stopping, self._dropping = True, drop
        for _ in range(self._count):
            self._queue.put(None)

    def join(self, timeout_s: float) -> bool:
        """Wait for the threads; False if one is still busy."""
        return self._workers.join(timeout_s)

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            work, done, failed = item
            if self._dropping:
                continue
            try:
                result = work()
            except Exception as error:
                self._main_thread.post(failed, error)
            else:
                if done is not None:
                    self._main_thread.post(done, result)

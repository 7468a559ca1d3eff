"""The worker processes that are idle, handed out by priority."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from engine.jobs import CancelToken
from engine.jobs.worker_process import POLL_S, WorkerProcess


class IdleWorkers:
    """Hands out worker processes, each to one thread at a time. Thread-safe.

    A running process is preferred to one that would have to be started.
    """

    def __init__(self, workers: Iterable[WorkerProcess]) -> None:
        self._idle = list(workers)
        self._changed = threading.Condition()
        self._priority_waiters = 0

    def acquire(self) -> WorkerProcess:
        """Wait for an idle worker; callers of ``acquire_with_priority`` are served first."""
        with self._changed:
            self._changed.wait_for(lambda: self._idle and not self._priority_waiters)
            return self._pop_preferred()

    def acquire_with_priority(self, cancel: CancelToken) -> WorkerProcess:
        """Wait for an idle worker, ahead of all callers of ``acquire``.

        Raises:
            Cancelled: ``cancel`` was set.
        """
        with self._changed:
            self._priority_waiters += 1
            try:
                while not self._idle:
                    cancel.raise_if_set()
                    self._changed.wait(POLL_S)
                return self._pop_preferred()
            finally:
                self._priority_waiters -= 1
                self._changed.notify_all()

    def release(self, worker: WorkerProcess) -> None:
        """Return a worker that was acquired."""
        with self._changed:
            self._idle.append(worker)
            self._changed.notify_all()

    def _pop_preferred(self) -> WorkerProcess:
        running = (worker for worker in self._idle if worker.pid is not None)
        chosen = next(running, self._idle[0])
        self._idle.remove(chosen)
        return chosen

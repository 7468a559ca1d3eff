"""Which child process is free, and who gets it next."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from engine.jobs import CancelToken
from engine.jobs.worker_process import POLL_S, WorkerProcess


class IdleWorkers:
    """Hands out child processes, each to one thread at a time. Thread-safe.

    A child that runs comes before one that would have to be started.
    """

    def __init__(self, workers: Iterable[WorkerProcess]) -> None:
        self._idle = list(workers)
        self._changed = threading.Condition()
        self._hurried = 0

    def take(self) -> WorkerProcess:
        """The next one that is free, once nobody waits who is in a hurry."""
        with self._changed:
            self._changed.wait_for(lambda: self._idle and not self._hurried)
            return self._chosen()

    def take_first(self, cancel: CancelToken) -> WorkerProcess:
        """The next one that is free, before all who wait in ``take``.

        Raises:
            Cancelled: ``cancel`` was set.
        """
        with self._changed:
            self._hurried += 1
            try:
                while not self._idle:
                    cancel.raise_if_set()
                    self._changed.wait(POLL_S)
                return self._chosen()
            finally:
                self._hurried -= 1
                self._changed.notify_all()

    def give_back(self, worker: WorkerProcess) -> None:
        """It is free again."""
        with self._changed:
            self._idle.append(worker)
            self._changed.notify_all()

    def _chosen(self) -> WorkerProcess:
        running = (worker for worker in self._idle if worker.pid is not None)
        chosen = next(running, self._idle[0])
        self._idle.remove(chosen)
        return chosen

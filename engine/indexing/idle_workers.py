"""The workers that are idle, handed out by priority."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from engine.indexing.analysis_workers import AnalysisWorker
from engine.jobs import CancelToken
from engine.jobs.worker_process import POLL_S


class IdleWorkers:
    """Hands out workers, each to one thread at a time. Thread-safe.

    A running process is preferred to one that would have to be started.
    """

    def __init__(self, workers: Iterable[AnalysisWorker]) -> None:
        self._idle = list(workers)
        self._usable = set(self._idle)
        self._changed = threading.Condition()
        self._priority_waiters = 0

    def acquire(self) -> AnalysisWorker:
        """Wait for an idle worker; callers of ``acquire_with_priority`` are served first."""
        with self._changed:
            self._changed.wait_for(lambda: self._idle and not self._priority_waiters)
            return self._pop_preferred()

    def acquire_with_priority(self, cancel: CancelToken) -> AnalysisWorker:
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

    def release(self, worker: AnalysisWorker) -> None:
        """Return a worker that was acquired; one that was retired is not handed out again."""
        with self._changed:
            if worker in self._usable:
                self._idle.append(worker)
                self._changed.notify_all()

    def retire(self, worker: AnalysisWorker) -> bool:
        """Hand out this worker no more; False, without effect, if it is the last one."""
        with self._changed:
            if self._usable == {worker}:
                return False
            self._usable.discard(worker)
            return True

    def _pop_preferred(self) -> AnalysisWorker:
        running = (worker for worker in self._idle if worker.pid is not None)
        chosen = next(running, self._idle[0])
        self._idle.remove(chosen)
        return chosen

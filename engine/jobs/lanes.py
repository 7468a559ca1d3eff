"""Lanes: one thread each, which runs jobs in order.

They are plain Python threads, because torch may crash in a thread created by Qt.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

from engine.errors import Cancelled, EngineError
from engine.jobs.cancel import CancelToken
from engine.jobs.progress import Progress

log = logging.getLogger(__name__)
T = TypeVar("T")


class JobState(StrEnum):
    """State of a job; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobContext:
    """Passed to a job function: its cancel token, and where it reports progress and results."""

    def __init__(self, cancel: CancelToken) -> None:
        self.cancel = cancel
        self.progress = Progress()
        self.partial: Any = None

    def report(self, progress: Progress) -> None:
        """Replace the progress snapshot."""
        self.progress = progress

    def publish(self, partial: Any) -> None:
        """Replace the partial result (immutable), which readers may show before the end."""
        self.partial = partial


class Job(Generic[T]):
    """One piece of work in a lane.

    Poll ``state``, ``progress`` and ``partial``, or wait in ``result``.
    """

    def __init__(self, name: str, work: Callable[[JobContext], T]) -> None:
        self.name = name
        self._work = work
        self._context = JobContext(CancelToken())
        self._ended = threading.Event()
        self._state = JobState.QUEUED
        self._result: T | None = None
        self._error: BaseException | None = None

    @property
    def state(self) -> JobState:
        """Current state."""
        return self._state

    @property
    def progress(self) -> Progress:
        """Latest progress snapshot."""
        return self._context.progress

    @property
    def partial(self) -> Any:
        """Latest partial result; None if none was published."""
        return self._context.partial

    @property
    def error(self) -> BaseException | None:
        """The exception that the work raised; None unless the state is FAILED."""
        return self._error

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self._ended.is_set()

    def cancel(self) -> None:
        """Request the job to stop. A job that has not started is never started."""
        self._context.cancel.cancel()

    def result(self, timeout_s: float | None = None) -> T:
        """Wait for the end and return what the work returned.

        Raises:
            Cancelled: if it was cancelled.
            TimeoutError: if it has not ended within ``timeout_s``.
            Exception: as raised by the work.
        """
        if not self._ended.wait(timeout_s):
            raise TimeoutError(f"{self.name} has not ended after {timeout_s} s")
        if self._state is JobState.CANCELLED:
            raise Cancelled
        if self._error is not None:
            raise self._error
        return cast(T, self._result)  # set by the work, which may return None

    def run(self) -> None:
        """Do the work in the calling thread. Never raises: the outcome is in ``state``."""
        if self._context.cancel.cancelled:
            self._end(JobState.CANCELLED)
            return
        self._state = JobState.RUNNING
        try:
            self._result = self._work(self._context)
        except Cancelled:
            self._end(JobState.CANCELLED)
        except BaseException as error:
            self._error = error
            if not isinstance(error, EngineError):
                log.error("%s failed", self.name, exc_info=error)
            self._end(JobState.FAILED)
        else:
            self._end(JobState.SUCCEEDED)

    def _end(self, state: JobState) -> None:
        self._state = state
        self._ended.set()


class Lane:
    """One thread that runs jobs in order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._queue: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._unfinished: list[Job[Any]] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False

    def submit(
        self, name: str, work: Callable[[JobContext], T], *, latest_wins: bool = False
    ) -> Job[T]:
        """Queue ``work``; the thread starts with the first job.

        Args:
            name: name of the job in logs and errors.
            work: called in the lane's thread.
            latest_wins: cancel all earlier jobs of this lane.

        Raises:
            RuntimeError: after ``close``.
        """
        job: Job[T] = Job(name, work)
        with self._lock:
            if self._closing:
                raise RuntimeError(f"lane {self.name} is closed")
            if latest_wins:
                for earlier in self._unfinished:
                    earlier.cancel()
            self._unfinished.append(job)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run_jobs, name=f"pickout-{self.name}", daemon=True
                )
                self._thread.start()
        self._queue.put(job)
        return job

    def close(self, timeout_s: float = 10.0) -> bool:
        """Cancel all jobs and wait for the thread; False if it still runs after ``timeout_s``."""
        with self._lock:
            self._closing = True
            for job in self._unfinished:
                job.cancel()
            thread = self._thread
        if thread is None:
            return True
        self._queue.put(None)
        thread.join(timeout_s)
        return not thread.is_alive()

    def _run_jobs(self) -> None:
        while (job := self._queue.get()) is not None:
            job.run()
            with self._lock:
                self._unfinished.remove(job)

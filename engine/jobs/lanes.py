"""Named lanes: one plain Python thread each, because torch may crash in a thread that Qt made."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Generic, TypeVar

from engine.errors import Cancelled, EngineError
from engine.jobs.cancel import CancelToken
from engine.jobs.progress import Progress

log = logging.getLogger(__name__)
T = TypeVar("T")


class JobState(StrEnum):
    """A job ends in exactly one of the last three."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobContext:
    """What a job function is given: the cancel token, and where to report."""

    def __init__(self, cancel: CancelToken) -> None:
        self.cancel = cancel
        self.progress = Progress()
        self.partial: Any = None

    def report(self, progress: Progress) -> None:
        """Replace the progress snapshot."""
        self.progress = progress

    def publish(self, partial: Any) -> None:
        """Replace the partial result (immutable) that watchers may show before the end."""
        self.partial = partial


class Job(Generic[T]):
    """A piece of work in a lane. Poll ``state``, ``progress``, ``partial``; or wait in ``result``."""

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
        return self._state

    @property
    def progress(self) -> Progress:
        return self._context.progress

    @property
    def partial(self) -> Any:
        return self._context.partial

    @property
    def error(self) -> BaseException | None:
        """Why it failed; None unless the state is FAILED."""
        return self._error

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    def cancel(self) -> None:
        """Ask it to stop. A job that has not begun never begins."""
        self._context.cancel.cancel()

    def result(self, timeout_s: float | None = None) -> T:
        """Wait for the end and return what the work returned.

        Raises:
            Cancelled: if it was cancelled.
            TimeoutError: if it has not ended within ``timeout_s``.
            Exception: whatever the work raised.
        """
        if not self._ended.wait(timeout_s):
            raise TimeoutError(f"{self.name} has not ended after {timeout_s} s")
        if self._state is JobState.CANCELLED:
            raise Cancelled
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def run(self) -> None:
        """Do the work on this thread. Never raises: the ending is in ``state``."""
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
    """One thread that runs jobs in order. ``latest_wins`` cancels all earlier ones first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._open: list[Job] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False

    def submit(
        self, name: str, work: Callable[[JobContext], T], *, latest_wins: bool = False
    ) -> Job[T]:
        """Queue ``work``; the thread starts with the first job.

        Raises:
            RuntimeError: after ``close``.
        """
        job: Job[T] = Job(name, work)
        with self._lock:
            if self._closing:
                raise RuntimeError(f"lane {self.name} is closed")
            if latest_wins:
                for earlier in self._open:
                    earlier.cancel()
            self._open.append(job)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._serve, name=f"pickout-{self.name}", daemon=True
                )
                self._thread.start()
        self._queue.put(job)
        return job

    def close(self, timeout_s: float = 10.0) -> bool:
        """Cancel everything, wait for the thread; False if it is still busy after ``timeout_s``."""
        with self._lock:
            self._closing = True
            for job in self._open:
                job.cancel()
            thread = self._thread
        if thread is None:
            return True
        self._queue.put(None)
        thread.join(timeout_s)
        return not thread.is_alive()

    def _serve(self) -> None:
        while (job := self._queue.get()) is not None:
            job.run()
            with self._lock:
                self._open.remove(job)

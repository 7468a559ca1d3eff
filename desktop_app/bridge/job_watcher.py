"""Turns the engine's jobs into Qt signals, with exactly one final signal per job."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.jobs import Job, JobState

POLL_MS = 100
POLL_FAST_MS = 30
"""For jobs that an interaction waits for, such as searches."""


class WatchedJob(QObject):
    """One job as a Qt object.

    Signals:
        succeeded(result), failed(error), cancelled(): the job has ended; exactly one of these three
            is emitted, once.
        partial(value): a new partial result, before the end.
        progressed(Progress): a new progress snapshot.
    """

    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    partial = Signal(object)
    progressed = Signal(object)

    def __init__(self, job: Job, parent: QObject) -> None:
        super().__init__(parent)
        self.job = job
        self._last_partial: Any = None
        self._last_progress = job.progress

    def cancel(self) -> None:
        """Request cancellation; ``cancelled`` follows unless the job ends otherwise before."""
        self.job.cancel()

    def poll(self) -> bool:
        """Emit what has changed since the last call; True once the job's end has been emitted."""
        ended = self.job.ended  # read first, so that no partial result is missed
        if self.job.progress is not self._last_progress:
            self._last_progress = self.job.progress
            self.progressed.emit(self._last_progress)
        if not ended:
            if self.job.partial is not self._last_partial:
                self._last_partial = self.job.partial
                self.partial.emit(self._last_partial)
            return False
        if self.job.state is JobState.SUCCEEDED:
            self.succeeded.emit(self.job.result(0))
        elif self.job.state is JobState.FAILED:
            self.failed.emit(self.job.error)
        else:
            self.cancelled.emit()
        return True


class JobWatcher(QObject):
    """Polls jobs on the GUI thread; the timer is stopped while there are none."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watched: list[tuple[WatchedJob, bool]] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)

    def watch(self, job: Job, *, fast: bool = False) -> WatchedJob:
        """Start to poll a job. Connect to the returned object at once: the next tick polls it.

        Args:
            fast: poll every ``POLL_FAST_MS`` instead of every ``POLL_MS``.
        """
        watched = WatchedJob(job, self)
        self._watched.append((watched, fast))
        self._set_interval()
        return watched

    def stop(self) -> None:
        """Cancel all jobs; nothing is emitted after this."""
        self._timer.stop()
        for watched, _ in self._watched:
            watched.cancel()
        self._watched.clear()

    def _set_interval(self) -> None:
        if not self._watched:
            self._timer.stop()
            return
        interval_ms = POLL_FAST_MS if any(fast for _, fast in self._watched) else POLL_MS
        if not self._timer.isActive() or self._timer.interval() != interval_ms:
            self._timer.start(interval_ms)

    def _poll(self) -> None:
        for entry in list(self._watched):
            if entry not in self._watched:
                continue
            watched, _ = entry
            if watched.job.ended:
                # Removed before its slots run: a slot that raises must not be called again.
                self._watched.remove(entry)
                watched.deleteLater()
            watched.poll()
        self._set_interval()

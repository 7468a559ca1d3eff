"""Jobs of the engine as Qt signals: exactly one ending each."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from engine.jobs import Job, JobState

POLL_MS = 100
POLL_FAST_MS = 30
"""For jobs that somebody is waiting for with the hands on the keyboard."""


class WatchedJob(QObject):
    """One job.

    Signals (exactly one of the first three is emitted, once):
        succeeded(result), failed(error), cancelled()
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
        self._last_partial = None
        self._last_progress = job.progress

    def cancel(self) -> None:
        """Ask it to stop; ``cancelled`` follows, or an ending that was quicker."""
        self.job.cancel()

    def look(self) -> bool:
        """Emit what is new; True once the ending has been emitted."""
        ended = self.job.ended  # read first: what came before the end is then complete
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
    """Polls watched jobs on the GUI thread; the timer rests while there are none."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watched: list[tuple[WatchedJob, bool]] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)

    def watch(self, job: Job, *, fast: bool = False) -> WatchedJob:
        """Connect to the returned object at once; the first look comes with the next tick."""
        watched = WatchedJob(job, self)
        self._watched.append((watched, fast))
        self._set_pace()
        return watched

    def stop(self) -> None:
        """Cancel everything and emit nothing more."""
        self._timer.stop()
        for watched, _ in self._watched:
            watched.cancel()
        self._watched.clear()

    def _set_pace(self) -> None:
        if not self._watched:
            self._timer.stop()
            return
        pace_ms = POLL_FAST_MS if any(fast for _, fast in self._watched) else POLL_MS
        if not self._timer.isActive() or self._timer.interval() != pace_ms:
            self._timer.start(pace_ms)

    def _poll(self) -> None:
        for entry in list(self._watched):
            if entry not in self._watched:
                continue
            watched, _ = entry
            if watched.job.ended:
                # Off the list before its slots run: one that raises must not be called again.
                self._watched.remove(entry)
                watched.deleteLater()
            watched.look()
        self._set_pace()

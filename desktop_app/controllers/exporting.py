"""Exports hits in one or several kinds, one after the other, and previews the names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.bridge.job_watcher import JobWatcher, WatchedJob
from engine.errors import EngineError
from engine.jobs import Progress
from engine.records import ExportPreview, ExportRequest, ExportSummary

if TYPE_CHECKING:
    from engine.library import Library

PREVIEW_PAUSE_MS = 120


class ExportController(QObject):
    """One export at a time.

    Signals:
        previewed(list[ExportPreview]): the names of the newest requests asked for.
        preview_failed(EngineError): they have no names.
        progressed(Progress, photos done before, photos in all).
        finished(list[ExportSummary]), failed(EngineError), cancelled(): the end.
    """

    previewed = Signal(object)
    preview_failed = Signal(object)
    progressed = Signal(object, int, int)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(
        self,
        library: Library,
        jobs: JobWatcher,
        reads: BackgroundCalls,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._jobs, self._reads = library, jobs, reads
        self._requests: list[ExportRequest] = []
        self._summaries: list[ExportSummary] = []
        self._running: WatchedJob | None = None
        self._wanted: list[ExportRequest] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PREVIEW_PAUSE_MS)
        self._timer.timeout.connect(self._read_names)

    @property
    def running(self) -> bool:
        """Whether an export runs."""
        return self._running is not None

    # -- names -----------------------------------------------------------------------------

    def preview(self, requests: Sequence[ExportRequest]) -> None:
        """Find the names of the files; asked for again within a moment, only the last ones."""
        self._wanted = list(requests)
        self._timer.start()

    def _read_names(self) -> None:
        wanted = self._wanted

        def work() -> list[ExportPreview]:
            return [self._library.exports.preview(request) for request in wanted]

        done, failed = partial(self._names_read, wanted), partial(self._names_failed, wanted)
        self._reads.call(work, done, failed)

    def _names_read(self, asked: list[ExportRequest], found: list[ExportPreview]) -> None:
        if asked is self._wanted:
            self.previewed.emit(found)

    def _names_failed(self, asked: list[ExportRequest], error: BaseException) -> None:
        if not isinstance(error, EngineError):
            raise error
        if asked is self._wanted:
            self.preview_failed.emit(error)

    # -- export ----------------------------------------------------------------------------

    def start(self, requests: Sequence[ExportRequest]) -> None:
        """Write the files of all requests; does nothing while an export runs."""
        if self._running is None:
            self._requests, self._summaries = list(requests), []
            self._start_next()

    def cancel(self) -> None:
        """Stop after the file that is being written now."""
        if self._running is not None:
            self._running.cancel()

    def _start_next(self) -> None:
        if len(self._summaries) == len(self._requests):
            self._running = None
            self.finished.emit(self._summaries)
            return
        request = self._requests[len(self._summaries)]
        watched = self._running = self._jobs.watch(self._library.exports.start(request), fast=True)
        watched.progressed.connect(self._progressed)
        watched.succeeded.connect(self._succeeded)
        watched.failed.connect(self._failed)
        watched.cancelled.connect(self._cancelled)

    def _progressed(self, progress: Progress) -> None:
        done = sum(len(request.hits) for request in self._requests[: len(self._summaries)])
        total = sum(len(request.hits) for request in self._requests)
        self.progressed.emit(progress, done, total)

    def _succeeded(self, summary: ExportSummary) -> None:
        self._summaries.append(summary)
        self._start_next()

    def _failed(self, error: BaseException) -> None:
        self._running = None
        if not isinstance(error, EngineError):
            raise error
        self.failed.emit(error)

    def _cancelled(self) -> None:
        self._running = None
        self.cancelled.emit()

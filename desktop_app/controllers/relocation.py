"""Tells the library that a watched folder is at another place now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.bridge.job_watcher import JobWatcher, WatchedJob
from engine.errors import EngineError
from engine.jobs import Job, Progress
from engine.records import Folder, FolderMove

if TYPE_CHECKING:
    from engine.library import Library


class RelocationController(QObject):
    """One relocation at a time. The scan of the new place that follows goes on by itself.

    Signals:
        progressed(Progress): photos are compared.
        moved(FolderMove): the library goes by the new place.
        failed(EngineError): nothing was changed; after ``moved``: the new place was not scanned.
        stopped(): ``stop`` was called in time, and nothing was changed.
    """

    progressed = Signal(object)
    moved = Signal(object)
    failed = Signal(object)
    stopped = Signal()

    def __init__(
        self,
        library: Library,
        jobs: JobWatcher,
        reads: BackgroundCalls,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._jobs, self._reads = library, jobs, reads
        self._task: _RelocationTask | None = None

    def start(self, folder: Folder, place: Path) -> None:
        """Compare the folder with a new place, and go on from there if it holds the same photos.

        Nothing is emitted any more about one that was started before.
        """
        self._task = _RelocationTask(self, folder, place)
        self._task.start()

    def stop(self) -> None:
        """Stop comparing; once the new place counts this does nothing."""
        if self._task is not None:
            self._task.stop()


class _RelocationTask(QObject):
    """One relocation: it is begun on a worker thread, because a new place may be slow to answer."""

    def __init__(self, owner: RelocationController, folder: Folder, place: Path) -> None:
        super().__init__(owner)
        self._owner, self._folder, self._place = owner, folder, place
        self._watched: WatchedJob | None = None
        self._stopping = self._moved = False

    def start(self) -> None:
        self._owner._reads.call(self._submit, self._submitted, self._fail)

    def stop(self) -> None:
        self._stopping = True
        if self._watched is not None and not self._moved:
            self._watched.cancel()

    @property
    def _current(self) -> bool:
        return self._owner._task is self

    def _submit(self) -> Job[tuple[FolderMove, ...]]:
        return self._owner._library.folders.relocate(self._folder.path, self._place)

    def _submitted(self, job: Job[tuple[FolderMove, ...]]) -> None:
        watched = self._watched = self._owner._jobs.watch(job)
        watched.progressed.connect(self._progress)
        watched.partial.connect(self._tell_moved)
        watched.succeeded.connect(self._succeed)
        watched.failed.connect(self._fail)
        watched.cancelled.connect(self._cancel)
        if self._stopping:
            watched.cancel()

    def _progress(self, progress: Progress) -> None:
        if self._current and not self._moved:
            self._owner.progressed.emit(progress)

    def _tell_moved(self, moves: tuple[FolderMove, ...]) -> None:
        if self._current and not self._moved:
            self._owner.moved.emit(moves[0])
        self._moved = True

    def _succeed(self, moves: tuple[FolderMove, ...]) -> None:
        self._tell_moved(moves)
        self._end()

    def _cancel(self) -> None:
        moves = self._watched.job.partial if self._watched is not None else None
        if moves is not None:  # it came too late: the new place counts
            self._tell_moved(moves)
        elif self._current:
            self._owner.stopped.emit()
        self._end()

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, EngineError):
            raise error
        if self._current:
            self._owner.failed.emit(error)
        self._end()

    def _end(self) -> None:
        if self._current:
            self._owner._task = None
        self.deleteLater()

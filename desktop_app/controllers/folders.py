"""Adds, removes and rescans folders; pauses and resumes indexing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.bridge.library_events import LibraryEvents
from desktop_app.text import library_text
from engine.errors import EngineError, FolderProblem
from engine.records import Folder, IndexingState

if TYPE_CHECKING:
    from engine.library import Library


class FolderController(QObject):
    """Changes the library's folders on a worker thread.

    Signals:
        added(Folder), removed(Folder), believed(), rescanning(): the operation succeeded.
        failed(EngineError): the operation failed.
    """

    added = Signal(object)
    removed = Signal(object)
    believed = Signal()
    rescanning = Signal()
    failed = Signal(object)

    def __init__(
        self,
        library: Library,
        reads: BackgroundCalls,
        events: LibraryEvents,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._reads, self._events = library, reads, events

    def add(self, path: Path) -> None:
        """Add a folder and start to index it."""

        def work() -> Folder:
            folder = self._library.folders.add(path)
            self._library.indexing.start()
            return folder

        self._reads.call(work, self._added, self._failed)

    def add_samples(self, samples: Path) -> None:
        """Add the folder of sample photos; fails if it is not installed."""
        if samples.is_dir():
            self.add(samples)
            return
        self.failed.emit(
            FolderProblem(
                library_text.SAMPLES_MISSING,
                operation="adding the sample photos",
                hint=library_text.SAMPLES_MISSING_HINT,
            )
        )

    def remove(self, folder: Folder) -> None:
        """Remove a folder from the library; its files are not touched."""

        def work() -> Folder:
            self._library.folders.remove(folder.id)
            return folder

        self._reads.call(work, self._removed, self._failed)

    def believe(self, folder: Folder) -> None:
        """Say that the photos which a folder lacks are really gone."""
        self._reads.call(
            lambda: self._library.folders.believe(folder.id), self._believed, self._failed
        )

    def rescan(self) -> None:
        """Scan all folders for new and changed photos."""
        self._reads.call(self._library.indexing.start, self._rescanning, self._failed)

    def toggle_pause(self) -> None:
        """Pause indexing, or resume it if it is paused."""
        status = self._events.status
        if status is None:
            return
        paused = status.indexing is IndexingState.PAUSED
        work = self._library.indexing.resume if paused else self._library.indexing.pause
        self._reads.call(work, self._paused, self._failed)

    def _added(self, folder: Folder) -> None:
        self._events.poll()
        self.added.emit(folder)

    def _removed(self, folder: Folder) -> None:
        self._events.poll()
        self.removed.emit(folder)

    def _believed(self, job: object) -> None:
        self.believed.emit()

    def _rescanning(self, job: object) -> None:
        self.rescanning.emit()

    def _paused(self, answer: object) -> None:
        self._events.poll()

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, EngineError):
            raise error
        self.failed.emit(error)

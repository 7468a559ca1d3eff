"""Folders: adding, forgetting, looking again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app import text
from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.bridge.library_events import LibraryEvents
from engine.errors import EngineError, FolderProblem
from engine.records import Folder, IndexingState

if TYPE_CHECKING:
    from engine.library import Library


class FolderController(QObject):
    """Signals:
    added(Folder), removed(Folder), rescanning(): it worked.
    failed(EngineError): it did not.
    """

    added = Signal(object)
    removed = Signal(object)
    rescanning = Signal()
    failed = Signal(object)

    def __init__(
        self, library: Library, reads: BackgroundCalls, events: LibraryEvents, parent=None
    ) -> None:
        super().__init__(parent)
        self._library, self._reads, self._events = library, reads, events

    def add(self, path: Path) -> None:
        def work() -> Folder:
            folder = self._library.folders.add(path)
            self._library.indexing.start()
            return folder

        self._reads.call(work, self._added, self._failed)

    def add_samples(self, samples: Path) -> None:
        """Add the shipped photos."""
        if samples.is_dir():
            self.add(samples)
            return
        self.failed.emit(
            FolderProblem(
                text.SAMPLES_MISSING,
                operation="adding the sample photos",
                hint=text.SAMPLES_MISSING_HINT,
            )
        )

    def remove(self, folder: Folder) -> None:
        def work() -> Folder:
            self._library.folders.remove(folder.id)
            return folder

        self._reads.call(work, self._removed, self._failed)

    def rescan(self) -> None:
        self._reads.call(self._library.indexing.start, self._rescanning, self._failed)

    def toggle_pause(self) -> None:
        """Pause the indexing, or go on."""
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

    def _rescanning(self, job) -> None:
        self.rescanning.emit()

    def _paused(self, answer) -> None:
        self._events.poll()

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, EngineError):
            raise error
        self.failed.emit(error)

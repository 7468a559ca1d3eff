"""What happens in the library, polled on a worker thread and told on the GUI's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from engine.records import LibraryChanges, LibraryStatus

if TYPE_CHECKING:
    from engine.library import Library

POLL_MS = 500


class LibraryEvents(QObject):
    """Signals:
    status_changed(LibraryStatus): something in the status line is different.
    changed(LibraryChanges): photos, folders or problems are.
    """

    status_changed = Signal(object)
    changed = Signal(object)

    def __init__(self, library: Library, background: BackgroundCalls) -> None:
        super().__init__()
        self._library = library
        self._background = background
        self._asked = False
        self.status: LibraryStatus | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.poll)

    def start(self) -> None:
        self._timer.start(POLL_MS)
        self.poll()

    def stop(self) -> None:
        self._timer.stop()

    def poll(self) -> None:
        """Ask now; while an answer is awaited, asking again does nothing."""
        if self._asked:
            return
        self._asked = True
        self._background.call(self._read, self._tell, self._missed)

    def _read(self) -> tuple[LibraryStatus, LibraryChanges]:
        # Changes first: what is written between the two calls is then told next time, not lost.
        changes = self._library.take_changes()
        return self._library.status(), changes

    def _tell(self, answer: tuple[LibraryStatus, LibraryChanges]) -> None:
        self._asked = False
        status, changes = answer
        if status != self.status:
            self.status = status
            self.status_changed.emit(status)
        if changes:
            self.changed.emit(changes)

    def _missed(self, error: BaseException) -> None:
        self._asked = False
        raise error

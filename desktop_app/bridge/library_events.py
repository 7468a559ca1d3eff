"""Status and changes of the library, polled on a worker thread and emitted on the GUI thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from engine.records import LibraryChanges, LibraryStatus

if TYPE_CHECKING:
    from engine.library import Library

POLL_MS = 500


class LibraryEvents(QObject):
    """Polls the library twice a second.

    Attributes:
        status: the newest status; None before the first poll has ended.

    Signals:
        status_changed(LibraryStatus): the status differs from the one before.
        changed(LibraryChanges): photos, folders, problems or the profile have changed.
    """

    status_changed = Signal(object)
    changed = Signal(object)

    def __init__(self, library: Library, background: BackgroundCalls) -> None:
        super().__init__()
        self._library = library
        self._background = background
        self._poll_running = False
        self.status: LibraryStatus | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.poll)

    def start(self) -> None:
        """Begin to poll, the first time at once."""
        self._timer.start(POLL_MS)
        self.poll()

    def stop(self) -> None:
        """End polling."""
        self._timer.stop()

    def poll(self) -> None:
        """Poll now; does nothing while a poll is running."""
        if self._poll_running:
            return
        self._poll_running = True
        self._background.call(self._read, self._publish, self._poll_failed)

    def _read(self) -> tuple[LibraryStatus, LibraryChanges]:
        # Changes first: what is written between the two calls is reported by the next poll.
        changes = self._library.take_changes()
        return self._library.status(), changes

    def _publish(self, answer: tuple[LibraryStatus, LibraryChanges]) -> None:
        self._poll_running = False
        status, changes = answer
        if status != self.status:
            self.status = status
            self.status_changed.emit(status)
        if changes:
            self.changed.emit(changes)

    def _poll_failed(self, error: BaseException) -> None:
        self._poll_running = False
        raise error

"""Reads, tries and saves the rules of a folder for what is left out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from engine.errors import Cancelled, EngineError
from engine.jobs import CancelToken
from engine.records import FolderId

if TYPE_CHECKING:
    from engine.library import Library

PAUSE_MS = 250


class FolderRulesController(QObject):
    """The rules of one folder at a time; answers about another one are dropped.

    Args:
        counts: counts photos, which takes seconds in a large folder.

    Signals:
        read(str): the folder's own rules.
        counted(int, int): how many photos the newest rules leave out, and of how many.
        refused(EngineError): they are no rules, or could not be read or saved.
        saved(): they are saved, and the folders are looked through.
    """

    read = Signal(str)
    counted = Signal(int, int)
    refused = Signal(object)
    saved = Signal()

    def __init__(
        self,
        library: Library,
        reads: BackgroundCalls,
        counts: BackgroundCalls,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._reads, self._counts = library, reads, counts
        self._folder_id = FolderId(-1)
        self._rules = ""
        self._counting = CancelToken()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._count)

    def start(self, folder_id: FolderId) -> None:
        """Read the rules of a folder."""
        self._folder_id = folder_id
        done, failed = partial(self._read, folder_id), partial(self._failed, folder_id)
        self._reads.call(lambda: self._library.folders.rules(folder_id), done, failed)

    def stop(self) -> None:
        """Drop what is under way, but for saving."""
        self._folder_id = FolderId(-1)
        self._timer.stop()
        self._counting.cancel()

    def check(self, rules: str) -> None:
        """Count what these rules leave out, after a pause in typing."""
        self._rules = rules
        self._counting.cancel()
        self._timer.start()

    def save(self, rules: str) -> None:
        """Save the rules, and look through the folders by them."""
        folder_id, library = self._folder_id, self._library

        def work() -> None:
            library.folders.set_rules(folder_id, rules)
            library.indexing.start()

        self._reads.call(work, partial(self._saved, folder_id), partial(self._failed, folder_id))

    def _count(self) -> None:
        folder_id, rules, library = self._folder_id, self._rules, self._library
        cancel = self._counting = CancelToken()
        self._counts.call(
            lambda: library.folders.count_left_out(folder_id, rules, cancel),
            partial(self._counted, cancel),
            partial(self._count_failed, cancel),
        )

    def _read(self, folder_id: FolderId, rules: str) -> None:
        if folder_id == self._folder_id:
            self.read.emit(rules)

    def _counted(self, cancel: CancelToken, answer: tuple[int, int]) -> None:
        if not cancel.cancelled:
            self.counted.emit(*answer)

    def _count_failed(self, cancel: CancelToken, error: BaseException) -> None:
        if not cancel.cancelled and not isinstance(error, Cancelled):
            self._failed(self._folder_id, error)

    def _saved(self, folder_id: FolderId, answer: object) -> None:
        if folder_id == self._folder_id:
            self.saved.emit()

    def _failed(self, folder_id: FolderId, error: BaseException) -> None:
        if not isinstance(error, EngineError):
            raise error
        if folder_id == self._folder_id:
            self.refused.emit(error)

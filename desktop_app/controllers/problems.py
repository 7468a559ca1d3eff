"""The problems list: reading it, trying again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.item_models.problems import ProblemModel

if TYPE_CHECKING:
    from engine.library import Library

SHOWN = 1000


class ProblemController(QObject):
    """Signals:
    retried(int): so many files wait to be read once more.
    """

    retried = Signal(int)

    def __init__(
        self, library: Library, reads: BackgroundCalls, model: ProblemModel, parent=None
    ) -> None:
        super().__init__(parent)
        self._library, self._reads, self._model = library, reads, model

    def refresh(self) -> None:
        self._reads.call(lambda: self._library.indexing.problems(SHOWN), self._model.show)

    def retry(self, paths: Sequence[Path] | None = None) -> None:
        """Try these files again, None for all."""

        def work() -> int:
            count = self._library.indexing.retry_problems(paths)
            self._library.indexing.start()
            return count

        self._reads.call(work, self._retried)

    def _retried(self, count: int) -> None:
        self.retried.emit(count)
        self.refresh()

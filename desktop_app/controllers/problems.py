"""Reads the list of problems and retries files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.item_models.problems import ProblemModel

if TYPE_CHECKING:
    from engine.library import Library

PROBLEM_LIMIT = 1000


class ProblemController(QObject):
    """Fills the model of problems.

    Signals:
        retried(int): the number of files that will be read again.
    """

    retried = Signal(int)

    def __init__(
        self,
        library: Library,
        reads: BackgroundCalls,
        model: ProblemModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._reads, self._model = library, reads, model

    def refresh(self) -> None:
        """Read the problems again."""
        self._reads.call(lambda: self._library.indexing.problems(PROBLEM_LIMIT), self._model.show)

    def retry(self, paths: Sequence[Path] | None = None) -> None:
        """Index these files again; None for all."""

        def work() -> int:
            count = self._library.indexing.retry_problems(paths)
            self._library.indexing.start()
            return count

        self._reads.call(work, self._retried)

    def _retried(self, count: int) -> None:
        self.retried.emit(count)
        self.refresh()

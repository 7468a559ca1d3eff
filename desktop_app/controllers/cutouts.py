"""Cut-outs: to a file of one's choice, to the clipboard."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.bridge.job_watcher import JobWatcher
from engine.errors import EngineError, ExportProblem
from engine.masks.union import united
from engine.records import (
    ExportKind,
    ExportRequest,
    ExportSummary,
    Photo,
    Region,
    SearchHit,
)

if TYPE_CHECKING:
    from engine.library import Library


class CutoutController(QObject):
    """Signals:
    saved(Path), copied(QImage): it worked.
    failed(EngineError): it did not.
    """

    saved = Signal(object)
    copied = Signal(object)
    failed = Signal(object)

    def __init__(
        self, library: Library, jobs: JobWatcher, reads: BackgroundCalls, parent=None
    ) -> None:
        super().__init__(parent)
        self._library, self._jobs, self._reads = library, jobs, reads

    def save(self, photo: Photo, regions: Sequence[Region], to: Path, query: str) -> None:
        """Write the things as one cut-out to exactly this file, replacing it."""
        _Cutout(self, photo, tuple(regions), query, to).start()

    def copy(self, photo: Photo, regions: Sequence[Region], query: str) -> None:
        """Make the same picture and hand it out as an image with alpha."""
        _Cutout(self, photo, tuple(regions), query, None).start()


class _Cutout(QObject):
    """One cut-out on its way: unite the regions, export to a folder of its own, move or load.

    The export names its files itself and never overwrites; people have chosen a name and have
    agreed to overwrite. So it writes into a new folder next to the target, and the file then
    takes the target's place in one step.
    """

    def __init__(
        self,
        owner: CutoutController,
        photo: Photo,
        regions: tuple[Region, ...],
        query: str,
        to: Path | None,
    ) -> None:
        super().__init__(owner)
        self._owner, self._photo, self._regions = owner, photo, regions
        self._query, self._to = query, to
        self._folder: tempfile.TemporaryDirectory | None = None

    def start(self) -> None:
        self._owner._reads.call(self._prepare, self._export, self._fail)

    def _prepare(self) -> ExportRequest:
        beside = None if self._to is None else self._to.parent
        try:
            self._folder = tempfile.TemporaryDirectory(
                prefix=".pickout-", dir=beside, ignore_cleanup_errors=True
            )
        except OSError as error:
            raise ExportProblem(
                "The cut-out cannot be written there.",
                operation="saving the cut-out",
                path=beside,
                hint="Choose another folder.",
            ) from error
        hit = SearchHit(self._photo, 0.0, united(self._regions))
        return ExportRequest((hit,), Path(self._folder.name), ExportKind.CUTOUT, self._query)

    def _export(self, request: ExportRequest) -> None:
        watched = self._owner._jobs.watch(self._owner._library.exports.start(request))
        watched.succeeded.connect(self._written)
        watched.failed.connect(self._fail)
        watched.cancelled.connect(self._clean_up)

    def _written(self, summary: ExportSummary) -> None:
        self._owner._reads.call(lambda: self._deliver(summary), self._finish, self._fail)

    def _deliver(self, summary: ExportSummary) -> Path | QImage:
        pictures = [path for path in summary.written if path.suffix.lower() == ".png"]
        if not pictures:
            why = summary.problems[0] if summary.problems else None
            raise ExportProblem(
                why.message if why else "The cut-out could not be made.",
                operation="saving the cut-out",
                path=self._photo.path,
                hint=(why.hint if why else "") or "Try another thing in the photo.",
            )
        if self._to is None:
            return QImage(str(pictures[0]))
        try:
            os.replace(pictures[0], self._to)
        except OSError as error:
            raise ExportProblem(
                "The cut-out cannot be written there.",
                operation="saving the cut-out",
                path=self._to,
                hint="Choose another name or folder.",
            ) from error
        return self._to

    def _finish(self, made: Path | QImage) -> None:
        self._clean_up()
        if isinstance(made, QImage):
            self._owner.copied.emit(made)
        else:
            self._owner.saved.emit(made)

    def _fail(self, error: BaseException) -> None:
        self._clean_up()
        if not isinstance(error, EngineError):
            raise error
        self._owner.failed.emit(error)

    def _clean_up(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
        self.deleteLater()

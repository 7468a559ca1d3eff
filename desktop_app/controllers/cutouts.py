"""Makes cut-outs: saved as a file, or as an image for the clipboard."""

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
from engine.masks.merging import merge_regions
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
    """Saves and copies cut-outs of regions.

    Signals:
        saved(Path): the file has been written.
        copied(QImage): the image for the clipboard, with alpha.
        failed(EngineError): no cut-out was made.
    """

    saved = Signal(object)
    copied = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        library: Library,
        jobs: JobWatcher,
        reads: BackgroundCalls,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._jobs, self._reads = library, jobs, reads

    def save(
        self,
        photo: Photo,
        regions: Sequence[Region],
        to: Path,
        query: str,
        kind: ExportKind = ExportKind.CUTOUT,
    ) -> None:
        """Write the regions as one cut-out to the file ``to``; an existing file is replaced.

        Args:
            kind: ``CUTOUT`` or ``FINE_CUTOUT``.
        """
        _CutoutTask(self, photo, tuple(regions), query, kind, to).start()

    def copy(
        self,
        photo: Photo,
        regions: Sequence[Region],
        query: str,
        kind: ExportKind = ExportKind.CUTOUT,
    ) -> None:
        """Make the same cut-out as an image; see ``copied``."""
        _CutoutTask(self, photo, tuple(regions), query, kind, None).start()


class _CutoutTask(QObject):
    """Makes one cut-out: union of the regions, export to a temporary folder, move or load.

    The export chooses file names itself and never overwrites, but here the user has chosen a name
    and has agreed to overwrite. So the export writes into a new folder next to the target, and the
    file then replaces the target in one atomic step.
    """

    def __init__(
        self,
        owner: CutoutController,
        photo: Photo,
        regions: tuple[Region, ...],
        query: str,
        kind: ExportKind,
        to: Path | None,
    ) -> None:
        super().__init__(owner)
        self._owner, self._photo, self._regions = owner, photo, regions
        self._query, self._kind, self._to = query, kind, to
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> None:
        self._owner._reads.call(self._prepare, self._export, self._fail)

    def _prepare(self) -> ExportRequest:
        target_folder = None if self._to is None else self._to.parent
        try:
            self._folder = tempfile.TemporaryDirectory(
                prefix=".pickout-", dir=target_folder, ignore_cleanup_errors=True
            )
        except OSError as error:
            raise ExportProblem(
                "The cut-out cannot be written there.",
                operation="saving the cut-out",
                path=target_folder,
                hint="Choose another folder.",
            ) from error
        hit = SearchHit(self._photo, 0.0, merge_regions(self._regions))
        return ExportRequest((hit,), Path(self._folder.name), self._kind, self._query)

    def _export(self, request: ExportRequest) -> None:
        watched = self._owner._jobs.watch(self._owner._library.exports.start(request))
        watched.succeeded.connect(self._export_finished)
        watched.failed.connect(self._fail)
        watched.cancelled.connect(self._clean_up)

    def _export_finished(self, summary: ExportSummary) -> None:
        self._owner._reads.call(lambda: self._move_or_load(summary), self._finish, self._fail)

    def _move_or_load(self, summary: ExportSummary) -> Path | QImage:
        pictures = [path for path in summary.written if path.suffix.lower() == ".png"]
        if not pictures:
            problem = summary.problems[0] if summary.problems else None
            raise ExportProblem(
                problem.message if problem else "The cut-out could not be made.",
                operation="saving the cut-out",
                path=self._photo.path,
                hint=(problem.hint if problem else "") or "Try another thing in the photo.",
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

    def _finish(self, result: Path | QImage) -> None:
        self._clean_up()
        if isinstance(result, QImage):
            self._owner.copied.emit(result)
        else:
            self._owner.saved.emit(result)

    def _fail(self, error: BaseException) -> None:
        self._clean_up()
        if not isinstance(error, EngineError):
            raise error
        self._owner.failed.emit(error)

    def _clean_up(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
        self.deleteLater()

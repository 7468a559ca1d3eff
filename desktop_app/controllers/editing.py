"""Stores what people say of photos and things, and undoes it, on a worker thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.text import formatting
from engine.errors import EngineError
from engine.records import EditStep, PhotoId, Region, RegionId

if TYPE_CHECKING:
    from engine.library import Library


class EditController(QObject):
    """Edits are stored in the order in which they were asked for.

    Signals:
        judged(): what was said of hits is stored.
        name_read(Region, str): the name that people gave to a thing; empty for none.
        named(PhotoId): the name of a thing in this photo is stored.
        undone(EditStep, str), redone(EditStep, str): with the file name of a photo that the step is
            about; None if there was nothing to undo or to redo.
        failed(EngineError): nothing was stored.
    """

    judged = Signal()
    name_read = Signal(object, str)
    named = Signal(object)
    undone = Signal(object, str)
    redone = Signal(object, str)
    failed = Signal(object)

    def __init__(
        self, library: Library, calls: BackgroundCalls, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._library, self._calls = library, calls

    def judge(
        self,
        photo_ids: Sequence[PhotoId],
        query: str,
        match: bool | None,
        region_id: RegionId | None = None,
    ) -> None:
        """See ``LibraryEdits.judge``."""
        edits = self._library.edits
        self._call(
            lambda: edits.judge(photo_ids, query, match, region_id), lambda _: self.judged.emit()
        )

    def read_name(self, region: Region) -> None:
        """Read the name of a thing, for ``name_read``."""
        self._call(lambda: (region, self._name_of(region)), self._name_read)

    def name_region(self, region: Region, name: str) -> None:
        """See ``LibraryEdits.name_region``."""
        edits = self._library.edits
        self._call(
            lambda: edits.name_region(region.id, name), lambda _: self.named.emit(region.photo_id)
        )

    def undo(self) -> None:
        """Take back what was said last."""
        edits = self._library.edits
        self._call(lambda: self._described(edits.undo()), lambda step: self.undone.emit(*step))

    def redo(self) -> None:
        """Say again what was undone last."""
        edits = self._library.edits
        self._call(lambda: self._described(edits.redo()), lambda step: self.redone.emit(*step))

    def _call(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._calls.call(work, done, self._failed)

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, EngineError):
            raise error
        self.failed.emit(error)

    def _name_of(self, region: Region) -> str:
        names = self._library.edits.region_names(region.photo_id)
        return next((given.name for given in names if given.region_id == region.id), "")

    def _name_read(self, answer: tuple[Region, str]) -> None:
        self.name_read.emit(*answer)

    def _described(self, step: EditStep | None) -> tuple[EditStep | None, str]:
        """The step with the name of a photo; worker thread."""
        photo_id = next(iter(step.photos), None) if step is not None else None
        photo = self._library.photos.get(photo_id) if photo_id is not None else None
        return step, formatting.file_name(photo.path) if photo is not None else ""

"""Reads the likeliest names of the things in the current photo."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from engine.errors import EngineError
from engine.records import PhotoId, RegionId, RegionLabel

if TYPE_CHECKING:
    from engine.library import Library

Labels = Mapping[RegionId, tuple[RegionLabel, ...]]
log = logging.getLogger(__name__)


class RegionLabelReader(QObject):
    """Reads for one photo at a time; requests for earlier photos are dropped.

    The first answer takes seconds, because a model is loaded for it; later ones are quick.

    Attributes:
        requested: the photo whose labels were requested last.
        warm: whether there has been an answer, so that it is worth while to wait for the next.

    Signals:
        ready(PhotoId): the labels of the requested photo can be had.
    """

    ready = Signal(object)

    def __init__(
        self, library: Library, calls: BackgroundCalls, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._library, self._calls = library, calls
        self.requested: PhotoId | None = None
        self._read: tuple[PhotoId, Labels] | None = None
        self.warm = False

    def read(self, photo_id: PhotoId) -> None:
        """Read the labels of this photo again."""
        self.requested = photo_id
        self._calls.call(lambda: (photo_id, self._labels(photo_id)), self._labels_read)

    def labels(self, photo_id: PhotoId) -> Labels | None:
        """What was read last, if it was for this photo; None while it is being read."""
        return self._read[1] if self._read is not None and self._read[0] == photo_id else None

    def _labels(self, photo_id: PhotoId) -> Labels | None:
        if self.requested != photo_id:  # another photo was chosen while this call waited
            return None
        try:
            return self._library.photos.labels(photo_id)
        except EngineError as error:
            log.info("no names for things: %s", error.message)  # a search reports it
            return {}

    def _labels_read(self, answer: tuple[PhotoId, Labels | None]) -> None:
        photo_id, labels = answer
        if labels is not None:
            self.warm = True
            if photo_id == self.requested:
                self._read = (photo_id, labels)
                self.ready.emit(photo_id)

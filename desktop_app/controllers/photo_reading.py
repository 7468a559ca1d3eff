"""The photo in the viewer: its pixels and its things, read for whoever looks at it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.bridge.image_conversion import PhotoLevels, image_from_rgb, photo_levels
from engine.errors import EngineError
from engine.records import Photo, PhotoId

if TYPE_CHECKING:
    from engine.library import Library

FIRST_LONGEST_PX = 2048
"""Enough for most screens; more is read only when somebody zooms in."""


class PhotoReader(QObject):
    """Latest wins: pixels of a photo that is no longer looked at are dropped.

    Signals:
        regions_ready(PhotoId, tuple[Region, ...])
        pixels_ready(PhotoId, PhotoLevels)
        failed(PhotoId, EngineError): the photo cannot be read.
    """

    regions_ready = Signal(object, object)
    pixels_ready = Signal(object, object)
    failed = Signal(object, object)

    def __init__(
        self, library: Library, reads: BackgroundCalls, decodes: BackgroundCalls, parent=None
    ) -> None:
        super().__init__(parent)
        self._library, self._reads, self._decodes = library, reads, decodes
        self._wanted: tuple[PhotoId | None, int | None] = (None, 0)

    def read(self, photo: Photo, longest_px: int = FIRST_LONGEST_PX) -> None:
        """Read things and pixels of this photo and forget what was asked before."""
        self._wanted = (photo.id, longest_px)
        self.read_regions(photo)
        self._read_pixels(photo.id, longest_px)

    def read_regions(self, photo: Photo) -> None:
        """Read the things of the photo on show (again)."""
        photo_id = photo.id
        self._reads.call(lambda: (photo_id, self._library.photos.regions(photo_id)), self._regions)

    def read_full(self, photo: Photo) -> None:
        """All pixels of the photo on show; nothing happens if they have been asked for."""
        if self._wanted == (photo.id, None):
            return
        self._wanted = (photo.id, None)
        self._read_pixels(photo.id, None)

    def stop(self) -> None:
        self._wanted = (None, 0)

    def _read_pixels(self, photo_id: PhotoId, longest_px: int | None) -> None:
        wish = (photo_id, longest_px)

        def work() -> tuple[PhotoId, PhotoLevels | EngineError | None]:
            if self._wanted != wish:  # somebody leafed on while this waited in line
                return photo_id, None
            try:
                pixels = self._library.photos.read(photo_id, longest_px)
            except EngineError as error:
                return photo_id, error
            return photo_id, photo_levels(image_from_rgb(pixels))

        self._decodes.call(work, self._pixels)

    def _regions(self, answer) -> None:
        photo_id, regions = answer
        if photo_id == self._wanted[0]:
            self.regions_ready.emit(photo_id, regions)

    def _pixels(self, answer) -> None:
        photo_id, pixels = answer
        if photo_id != self._wanted[0] or pixels is None:
            return
        if isinstance(pixels, EngineError):
            self.failed.emit(photo_id, pixels)
        else:
            self.pixels_ready.emit(photo_id, pixels)

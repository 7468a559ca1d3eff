"""Reads the regions and pixels of the photo in the photo view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.bridge.image_conversion import PhotoLevels, image_from_rgb, photo_levels
from engine.errors import EngineError
from engine.records import Photo, PhotoId, Region

if TYPE_CHECKING:
    from engine.library import Library

FIRST_LONGEST_PX = 2048
"""Longest side that is read first, enough for most screens; zooming in reads all pixels."""


class PhotoReader(QObject):
    """Reads for one photo at a time; results for any other photo are dropped.

    Signals:
        regions_ready(PhotoId, tuple[Region, ...]): the stored regions.
        pixels_ready(PhotoId, PhotoLevels): the decoded pixels.
        failed(PhotoId, EngineError): the photo cannot be read.
    """

    regions_ready = Signal(object, object)
    pixels_ready = Signal(object, object)
    failed = Signal(object, object)

    def __init__(
        self,
        library: Library,
        reads: BackgroundCalls,
        decodes: BackgroundCalls,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._reads, self._decodes = library, reads, decodes
        self._requested: tuple[PhotoId | None, int | None] = (None, 0)

    def read(self, photo: Photo, longest_px: int = FIRST_LONGEST_PX) -> None:
        """Read regions and pixels of this photo; earlier requests are dropped."""
        self._requested = (photo.id, longest_px)
        self.read_regions(photo)
        self._read_pixels(photo.id, longest_px)

    def read_regions(self, photo: Photo) -> None:
        """Read the regions of the photo on show again."""
        photo_id = photo.id
        self._reads.call(
            lambda: (photo_id, self._library.photos.regions(photo_id)), self._regions_read
        )

    def read_full(self, photo: Photo) -> None:
        """Read all pixels of the photo on show; does nothing if they have been requested."""
        if self._requested == (photo.id, None):
            return
        self._requested = (photo.id, None)
        self._read_pixels(photo.id, None)

    def stop(self) -> None:
        """Drop all requests."""
        self._requested = (None, 0)

    def _read_pixels(self, photo_id: PhotoId, longest_px: int | None) -> None:
        request = (photo_id, longest_px)

        def work() -> tuple[PhotoId, PhotoLevels | EngineError | None]:
            if self._requested != request:  # another photo was opened while this call waited
                return photo_id, None
            try:
                pixels = self._library.photos.read(photo_id, longest_px)
            except EngineError as error:
                return photo_id, error
            return photo_id, photo_levels(image_from_rgb(pixels))

        self._decodes.call(work, self._pixels_read)

    def _regions_read(self, answer: tuple[PhotoId, tuple[Region, ...]]) -> None:
        photo_id, regions = answer
        if photo_id == self._requested[0]:
            self.regions_ready.emit(photo_id, regions)

    def _pixels_read(self, answer: tuple[PhotoId, PhotoLevels | EngineError | None]) -> None:
        photo_id, pixels = answer
        if photo_id != self._requested[0] or pixels is None:
            return
        if isinstance(pixels, EngineError):
            self.failed.emit(photo_id, pixels)
        else:
            self.pixels_ready.emit(photo_id, pixels)

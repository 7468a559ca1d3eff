"""Pixels of a photo of the library: from its file, or from its thumbnail if the file is missing."""

from __future__ import annotations

import logging

import numpy as np

from engine.decode.process import DecoderProcess
from engine.decode.thumbnails import LONGEST_PX, Thumbnails, make_thumbnail
from engine.errors import EngineError, PhotoMissing
from engine.records import Photo

log = logging.getLogger(__name__)


class PhotoPixels:
    """Reads photos in the decoder process. Thread-safe. Blocks; not for the window's thread."""

    def __init__(self, decoder: DecoderProcess, thumbnails: Thumbnails) -> None:
        self._decoder = decoder
        self._thumbnails = thumbnails

    def read(self, photo: Photo, longest_px: int | None = None) -> np.ndarray:
        """Read a photo; raises as ``DecoderProcess.read``.

        Args:
            photo: the photo to read.
            longest_px: limit of the longest side; None for the full size.

        Returns:
            uint8 (H, W, 3), upright RGB.
        """
        return self._decoder.read(photo.path, longest_px).rgb

    def read_or_thumbnail(self, photo: Photo, longest_px: int | None = None) -> np.ndarray:
        """Read a photo, or its thumbnail if the file is missing.

        A thumbnail is good enough to view a photo whose drive is not connected, but too small for
        exports.

        Raises:
            PhotoMissing: there is no thumbnail either.
            PhotoUnreadable, PhotoTooLarge, PhotoTimedOut, WorkerCrashed: as ``read``.
        """
        try:
            return self.read(photo, longest_px)
        except PhotoMissing:
            jpeg = self._thumbnails.get(photo.id)
            if jpeg is None:
                raise
            log.info("reading the thumbnail of %s, which is missing", photo.path)
            return self._decoder.read_encoded(jpeg, photo.path, longest_px).rgb

    def thumbnail(self, photo: Photo) -> bytes | None:
        """A thumbnail made from the photo's file: JPEG, upright. It is not stored.

        Returns:
            None if the file cannot be read now, or if it has another size than the photo had: then
            it holds another one, which the next scan will find.
        """
        try:
            if photo.path.stat().st_size != photo.size_bytes:
                return None
            return make_thumbnail(self.read(photo, LONGEST_PX))
        except (EngineError, OSError) as error:
            log.info("no thumbnail of %s: %s", photo.path, error)
            return None

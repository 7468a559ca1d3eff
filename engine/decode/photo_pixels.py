"""Pixels of a photo of the library: from its file, or from its thumbnail where the file is gone."""

from __future__ import annotations

import logging

import numpy as np

from engine.decode.process import DecoderProcess
from engine.decode.thumbnails import ThumbnailCache
from engine.errors import PhotoMissing
from engine.records import Photo

log = logging.getLogger(__name__)


class PhotoPixels:
    """Reads in the decoder process. Thread-safe; it blocks, so not for a thread that draws."""

    def __init__(self, decoder: DecoderProcess, thumbnails: ThumbnailCache) -> None:
        self._decoder = decoder
        self._thumbnails = thumbnails

    def read(self, photo: Photo, longest_px: int | None = None) -> np.ndarray:
        """uint8 (H, W, 3), upright, at most ``longest_px``; raises as ``DecoderProcess.read``."""
        return self._decoder.read(photo.path, longest_px).rgb

    def read_or_thumbnail(self, photo: Photo, longest_px: int | None = None) -> np.ndarray:
        """The same, if need be from the thumbnail: good enough for a look at a photo whose drive
        is not connected, and too small for anything that people keep.

        Raises:
            PhotoMissing: there is no thumbnail either.
            PhotoUnreadable, PhotoTooLarge, PhotoTimedOut, WorkerCrashed: as the names say.
        """
        try:
            return self.read(photo, longest_px)
        except PhotoMissing:
            jpeg = self._thumbnails.get(photo.id)
            if jpeg is None:
                raise
            log.info("looking at the thumbnail of %s, which is not there", photo.path)
            return self._decoder.read_encoded(jpeg, photo.path, longest_px).rgb

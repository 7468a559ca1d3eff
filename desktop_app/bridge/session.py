"""An open library with the worker threads and caches that the window needs for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage, QPainterPath, QPixmap

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.bridge.image_conversion import (
    image_from_jpeg,
    path_bytes,
    pixmap_bytes,
    region_path,
)
from desktop_app.bridge.job_watcher import JobWatcher
from desktop_app.bridge.lazy_cache import LazyCache
from desktop_app.bridge.library_events import LibraryEvents
from desktop_app.bridge.main_thread_queue import MainThreadQueue
from engine.records import Photo, PhotoId, Region

if TYPE_CHECKING:
    from engine.library import Library

log = logging.getLogger(__name__)

THUMBNAIL_BUDGET_BYTES = 192_000_000
OUTLINE_BUDGET_BYTES = 32_000_000


def outline_key(region: Region) -> Hashable:
    """Cache key of a region's outline.

    The id alone is not unique: a union of several stored regions has the id of the first.
    """
    return region.id, region.rle


class Session:
    """Owns the worker threads and caches of the window; ``close`` ends them and the library.

    Attributes:
        reads: one thread for short reads of the store.
        decodes: one thread that waits for the decoder process.
        edits: one thread for what people say of photos, in the order they say it; ``close`` waits
            until it is stored.
        labels: one thread for the names of regions, which load a model at first.
        thumbnails: PhotoId -> QPixmap.
        outlines: ``outline_key`` -> QPainterPath in pixels of the upright photo.
    """

    def __init__(
        self,
        library: Library,
        root: Path,
        main_thread: MainThreadQueue,
        on_error: Callable[[BaseException], None],
    ) -> None:
        self.library = library
        self.root = root
        self.main_thread = main_thread
        self.reads = BackgroundCalls(main_thread, "reads", on_error=on_error)
        self.decodes = BackgroundCalls(main_thread, "decodes", on_error=on_error)
        self.edits = BackgroundCalls(main_thread, "edits", on_error=on_error)
        self.labels = BackgroundCalls(main_thread, "labels", on_error=on_error)
        self.jobs = JobWatcher()
        self.events = LibraryEvents(library, self.reads)
        self.thumbnails = LazyCache(
            main_thread,
            "thumbnails",
            self._load_thumbnail,
            finish=QPixmap.fromImage,
            cost=pixmap_bytes,
            budget=THUMBNAIL_BUDGET_BYTES,
            threads=2,
        )
        self.outlines = LazyCache(
            main_thread,
            "outlines",
            self._load_outline,
            cost=path_bytes,
            budget=OUTLINE_BUDGET_BYTES,
        )
        self._closed = False

    def outline(self, region: Region, photo: Photo) -> QPainterPath | None:
        """The outline in pixels of the upright photo; None while it is being computed."""
        return self.outlines.get(outline_key(region), (region, photo.size_wh))

    def close(self, timeout_s: float = 5.0) -> None:
        """End all threads and the library within ``timeout_s``.

        A thread that takes longer is logged; it is a daemon and ends with the process.
        """
        if self._closed:
            return
        self._closed = True
        deadline = time.monotonic() + timeout_s
        self.events.stop()
        self.jobs.stop()
        self.main_thread.close()
        workers = (self.reads, self.decodes, self.labels, self.thumbnails, self.outlines)
        for worker in workers:
            worker.stop()
        self.edits.stop(drop=False)
        self.edits.join(timeout_s / 2)
        # The library ends before the threads: one may be waiting for its decoder process.
        self.library.close(timeout_s=max(1.0, timeout_s - 1.0))
        for worker in workers:
            if not worker.join(max(0.1, deadline - time.monotonic())):
                log.warning("a thread of the window was still busy when it closed")

    def _load_thumbnail(self, photo_id: PhotoId) -> QImage | None:
        photos = self.library.photos
        jpeg = photos.thumbnail(photo_id) or photos.restore_thumbnail(photo_id)
        return None if jpeg is None else image_from_jpeg(jpeg)

    @staticmethod
    def _load_outline(source: tuple[Region, tuple[int, int]]) -> QPainterPath:
        region, size_wh = source
        return region_path(region, size_wh)

"""The photos of a library and the regions found in them."""

from __future__ import annotations

import contextlib

import numpy as np

from engine.errors import EngineError, PhotoMissing
from engine.library.components import LibraryComponents
from engine.library.edits import LibraryEdits
from engine.records import Photo, PhotoId, PhotoMetadata, Region, RegionId, RegionLabel


class LibraryPhotos:
    """Reads photos, regions, thumbnails and pixels. Thread-safe; all but ``read`` and
    ``restore_thumbnail`` are quick."""

    def __init__(self, components: LibraryComponents, edits: LibraryEdits) -> None:
        self._components = components
        self._edits = edits
        self._store = components.store

    def get(self, photo_id: PhotoId) -> Photo | None:
        """None if there is no such photo (any more)."""
        return self._store.photos.get(photo_id)

    def metadata(self, photo_id: PhotoId) -> PhotoMetadata:
        """Dates, camera, exposure, place, rating and words of a photo; empty if there is no such
        photo (any more)."""
        return self._store.photos.metadata([photo_id]).get(photo_id, PhotoMetadata())

    def page(self, limit: int = 200, before: PhotoId | None = None) -> tuple[Photo, ...]:
        """Searchable photos, newest first, a page at a time (for the grid without a query).

        Args:
            before: continue after this photo; None for the first page.
        """
        return self._store.photos.page(self._components.profile_id, limit, before)

    def regions(self, photo_id: PhotoId) -> tuple[Region, ...]:
        """The photo's regions under the active profile, best mask first."""
        return self._store.regions.of_photo(photo_id, self._components.profile_id)

    def labels(self, photo_id: PhotoId) -> dict[RegionId, tuple[RegionLabel, ...]]:
        """The likeliest names of each region with their probabilities, first the one that people
        gave it; none for one that nothing names. Loads the text model at the first call, which
        takes seconds.

        Raises:
            ModelMissing, ModelBroken: see ``engine.errors``.
        """
        with self._components.active_profile.using() as runtime:
            labels = runtime.search.labels(photo_id)
        for given in self._edits.region_names(photo_id):
            if given.region_id is not None:
                label = RegionLabel(given.name, 1.0, given=True)
                labels[given.region_id] = (label, *labels.get(given.region_id, ()))
        return labels

    def region(self, region_id: RegionId) -> Region | None:
        """A region by its id, of any profile."""
        return self._store.regions.get(region_id)

    def thumbnail(self, photo_id: PhotoId) -> bytes | None:
        """JPEG, upright, longest side 384 px; None if there is none yet."""
        return self._components.thumbnails.get(photo_id)

    def restore_thumbnail(self, photo_id: PhotoId) -> bytes | None:
        """Make a thumbnail that was lost from the photo's file, and keep it: as ``thumbnail``.

        Blocks while the decoder process reads: call it from a worker thread. None if the photo is
        not in the library, or its file cannot be read now.
        """
        photo = self.get(photo_id)
        jpeg = self._components.pixels.thumbnail(photo) if photo is not None else None
        if jpeg is not None and not self._store.read_only:
            with contextlib.suppress(EngineError):  # a server that is away; the picture is there
                self._components.thumbnails.put(photo_id, jpeg)
        return jpeg

    def read(self, photo_id: PhotoId, longest_px: int | None = None) -> np.ndarray:
        """Decode in the decoder process: uint8 (H, W, 3) upright, at most ``longest_px``.

        Blocks: call it from a worker thread.

        Raises:
            PhotoMissing: the photo is not in the library, or its file cannot be reached.
            PhotoUnreadable, PhotoTooLarge, PhotoTimedOut, WorkerCrashed: see ``engine.errors``.
        """
        photo = self.get(photo_id)
        if photo is None:
            raise PhotoMissing(
                "This photo is no longer in the library.", operation="reading the photo"
            )
        return self._components.pixels.read(photo, longest_px)

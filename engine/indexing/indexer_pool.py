"""Analysts and indexer of one profile, and those of all profiles that are being worked on."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.decode.thumbnails import ThumbnailCache
from engine.indexing.analysis_pool import AnalysisPool, suitable_workers
from engine.indexing.indexer import Indexer, IndexingSnapshot
from engine.jobs import CancelToken
from engine.profiles.profile import Profile
from engine.records import UNSTORED, BoxXyxy, LibraryChanges, Photo, Region
from engine.search.active_profile import ActiveProfile
from engine.settings import Settings
from engine.store.store import Store


class ProfileIndexer:
    """Who looks at photos with one profile; its vectors go to the index that answers with it."""

    def __init__(
        self, active_profile: ActiveProfile, profile: Profile, make: Callable[..., Indexer], **pool
    ) -> None:
        self._active_profile = active_profile
        self.runtime = active_profile.acquire(profile)
        self.analysis_pool = AnalysisPool(profile, self.runtime.profile_id, **pool)
        self.indexer = make(self.runtime.index, self.analysis_pool)

    def close(self) -> None:
        """End the child processes and let go of the index."""
        self.analysis_pool.close()
        self._active_profile.release(self.runtime)


class IndexerPool:
    """Made when they are first needed, one for each profile. ``get`` and ``retain`` are for the
    index lane; the rest is for any thread."""

    def __init__(
        self,
        active_profile: ActiveProfile,
        store: Store,
        thumbnails: ThumbnailCache,
        settings: Settings,
        *,
        search_waits: Callable[[], bool],
        on_change: Callable[[LibraryChanges], None],
    ) -> None:
        self._active_profile = active_profile
        self._store = store
        self._thumbnails = thumbnails
        self._settings = settings
        self._search_waits = search_waits
        self._on_change = on_change
        self._going_on = threading.Event()
        self._going_on.set()
        self._lock = threading.Lock()
        self._open: dict[str, ProfileIndexer] = {}
        self._closed = False

    def get(self, profile: Profile) -> ProfileIndexer:
        """The one for this profile."""
        with self._lock:
            return self._get(profile)

    def retain(self, keys: set[str]) -> None:
        """Close those of all other profiles: their models take memory."""
        with self._lock:
            gone = [self._open.pop(key) for key in list(self._open) if key not in keys]
        for one in gone:
            one.close()

    def outline(self, photo: Photo, box: BoxXyxy, cancel: CancelToken) -> Region | None:
        """What the models that answer find in a box (pixels of the upright photo); it is not kept.

        Blocks. Its children are started if there are none, since photos may all be known. See
        ``AnalysisPool.outline`` for what it raises, and for when there is none.
        """
        with self._lock:
            if self._closed:
                return None
            analysis_pool = self._get(self._active_profile.current.profile).analysis_pool
        found = analysis_pool.outline(photo, box, cancel)  # without the lock: it takes seconds
        if found is None:
            return None
        return Region(UNSTORED, photo.id, found.box_xyxy, found.rle, found.score)

    def pause(self) -> None:
        """Begin no further photo until ``resume``."""
        self._going_on.clear()

    def resume(self) -> None:
        self._going_on.set()

    def snapshot(self, profile: Profile) -> IndexingSnapshot:
        """What goes on with this profile."""
        with self._lock:
            one = self._open.get(profile.key)
        return one.indexer.snapshot if one is not None else IndexingSnapshot()

    def close(self) -> None:
        """End all child processes; a run that still waits for one ends with an error."""
        with self._lock:
            self._closed = True
            left = list(self._open.values())
        for one in left:
            one.analysis_pool.close()

    def _get(self, profile: Profile) -> ProfileIndexer:
        """With the lock held."""
        if profile.key not in self._open:
            self._open[profile.key] = ProfileIndexer(
                self._active_profile,
                profile,
                self._indexer,
                outcomes=self._store.outcomes,
                workers=self._settings.workers or suitable_workers(),
                time_limit_s=self._settings.photo_time_limit_s,
            )
        return self._open[profile.key]

    def _indexer(self, index, analysis_pool: AnalysisPool) -> Indexer:
        return Indexer(
            self._store,
            index,
            self._thumbnails,
            analysis_pool,
            search_waits=self._search_waits,
            on_change=self._on_change,
            going_on=self._going_on,
        )

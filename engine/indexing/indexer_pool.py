"""The indexers of a library, one for each profile that indexes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from engine.decode.thumbnails import Thumbnails
from engine.index.vector_index import VectorIndex
from engine.indexing.analysis_pool import AnalysisPool
from engine.indexing.analysis_workers import AnalysisWorker, CreateWorkers
from engine.indexing.indexer import Indexer, IndexingSnapshot
from engine.indexing.pause_control import PauseControl
from engine.jobs import CancelToken
from engine.profiles.profile import Profile
from engine.records import UNSTORED, BoxXyxy, LibraryChanges, Photo, Region
from engine.search.active_profile import ActiveProfile
from engine.settings import Settings
from engine.store.store import ResultWriter, Store


class ProfileIndexer:
    """Analysis pool and indexer of one profile. It writes to the index that searches use.

    Args:
        create_indexer: builds the indexer from the vector index and the pool.
        workers: those of the pool.
    """

    def __init__(
        self,
        active_profile: ActiveProfile,
        profile: Profile,
        create_indexer: Callable[[VectorIndex, AnalysisPool], Indexer],
        results: ResultWriter,
        workers: Sequence[AnalysisWorker],
    ) -> None:
        self._active_profile = active_profile
        self.runtime = active_profile.acquire(profile)
        self.analysis_pool = AnalysisPool(profile, self.runtime.profile_id, results, workers)
        self.indexer = create_indexer(self.runtime.index, self.analysis_pool)

    def close(self) -> None:
        """End the worker processes and release the index."""
        self.analysis_pool.close()
        self._active_profile.release(self.runtime)


class IndexerPool:
    """Creates the indexer of a profile when it is first needed.

    ``get`` and ``retain`` are called in the index lane, the other methods in any thread.
    """

    def __init__(
        self,
        active_profile: ActiveProfile,
        store: Store,
        thumbnails: Thumbnails,
        settings: Settings,
        create_workers: CreateWorkers,
        *,
        search_is_waiting: Callable[[], bool],
        on_change: Callable[[LibraryChanges], None],
        pause_control: PauseControl,
    ) -> None:
        self._active_profile = active_profile
        self._store = store
        self._thumbnails = thumbnails
        self._settings = settings
        self._create_workers = create_workers
        self._search_is_waiting = search_is_waiting
        self._on_change = on_change
        self._pause_control = pause_control
        self._lock = threading.Lock()
        self._open: dict[str, ProfileIndexer] = {}
        self._closed = False

    def get(self, profile: Profile) -> ProfileIndexer:
        """The indexer of this profile."""
        with self._lock:
            return self._get(profile)

    def retain(self, keys: set[str]) -> None:
        """Close the indexers of all other profiles, because their models take memory."""
        with self._lock:
            removed = [self._open.pop(key) for key in list(self._open) if key not in keys]
        for indexer in removed:
            indexer.close()

    def outline(self, photo: Photo, box: BoxXyxy, cancel: CancelToken) -> Region | None:
        """Outline the object in a box (pixels of the upright photo) with the active profile.

        Blocks. The region is not stored. Worker processes are started if none run, as when all
        photos are known. Returns None and raises as ``AnalysisPool.outline`` does.
        """
        with self._lock:
            if self._closed:
                return None
            analysis_pool = self._get(self._active_profile.current.profile).analysis_pool
        outline = analysis_pool.outline(photo, box, cancel)  # without the lock: it takes seconds
        if outline is None:
            return None
        return Region(UNSTORED, photo.id, outline.box_xyxy, outline.rle, outline.score)

    def snapshot(self, profile: Profile) -> IndexingSnapshot:
        """State of indexing with this profile."""
        with self._lock:
            opened = self._open.get(profile.key)
        return opened.indexer.snapshot if opened is not None else IndexingSnapshot()

    def close(self) -> None:
        """End all worker processes; a run that still waits for one ends with an error."""
        with self._lock:
            self._closed = True
            opened = list(self._open.values())
        for indexer in opened:
            indexer.analysis_pool.close()

    def _get(self, profile: Profile) -> ProfileIndexer:
        """As ``get``; the caller holds the lock."""
        if profile.key not in self._open:
            self._open[profile.key] = ProfileIndexer(
                self._active_profile,
                profile,
                self._create_indexer,
                self._store.results,
                self._create_workers(profile, self._settings),
            )
        return self._open[profile.key]

    def _create_indexer(self, index: VectorIndex, analysis_pool: AnalysisPool) -> Indexer:
        return Indexer(
            self._store,
            index,
            self._thumbnails,
            analysis_pool,
            search_is_waiting=self._search_is_waiting,
            on_change=self._on_change,
            pause_control=self._pause_control,
        )

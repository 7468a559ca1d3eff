"""The facade: a library of photos on disk, and everything one can ask of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engine import profiles
from engine import settings as settings_file
from engine.decode.process import DecoderProcess
from engine.decode.thumbnails import ThumbnailCache
from engine.errors import BadRequest, EngineError, PhotoMissing
from engine.index.vector_index import VectorIndex
from engine.indexing.analysts import AnalystPool, suitable_workers
from engine.indexing.folder_choice import refuse_unfit
from engine.indexing.folder_scan import FolderScan
from engine.indexing.indexer import Indexer, waits_for
from engine.indexing.integrity import check_library
from engine.jobs import Job, JobContext, Lane
from engine.paths import LibraryPaths
from engine.records import (
    CheckReport,
    ExportRequest,
    ExportSummary,
    Folder,
    FolderId,
    IndexingState,
    LibraryChanges,
    LibraryStatus,
    PassStatus,
    Photo,
    PhotoId,
    Problem,
    Region,
    RegionId,
    SearchRequest,
    SearchResult,
)
from engine.search.service import SearchService
from engine.settings import Settings
from engine.store.counts import Waiting
from engine.store.rows import IndexLevel
from engine.store.store import Store
from engine.watch.timetable import Periods
from engine.watch.watcher import FolderWatcher

log = logging.getLogger(__name__)


class Library:
    """One open library. Methods that return a ``Job`` come back at once; the rest answer quickly.

    Thread-safe: any thread may call any method. Open it with ``Library.open``, close it once.
    """

    def __init__(
        self, paths: LibraryPaths, store: Store, profile: profiles.Profile, settings: Settings
    ) -> None:
        self.paths = paths
        self.profile = profile
        self.settings = settings
        self.read_only = store.read_only
        self._store = store
        self._profile_id = store.profile_id(profile.key, profile.ndim, profile.name)
        self._index_lane, self._search_lane, self._io_lane = map(Lane, ("index", "search", "io"))
        self._thumbnails = ThumbnailCache(paths.thumbnails)
        self._decoder = DecoderProcess()
        self._index = VectorIndex(
            paths.index(profile.key),
            store.regions,
            self._profile_id,
            profile_key=profile.key,
            ndim=profile.ndim,
            metric=profile.metric,
            read_only=store.read_only,
        )
        self._search = SearchService(store, self._index, profile, self._read_rgb)
        self._analysts = AnalystPool(
            profile,
            self._profile_id,
            store.outcomes,
            workers=settings.workers or suitable_workers(),
            time_limit_s=settings.photo_time_limit_s,
        )
        self._indexer = Indexer(
            store,
            self._index,
            self._thumbnails,
            self._analysts,
            search_waits=self._search_waits,
            on_change=self._note,
        )
        self._scan = FolderScan(store, self._thumbnails, paths.root)
        self._watcher: FolderWatcher | None = None
        self._lock = threading.Lock()
        self._changes = LibraryChanges()
        self._index_job: Job[LibraryStatus] | None = None
        self._index_context: JobContext | None = None
        self._scan_wanted = self._run_wanted = False
        self._latest_search: Job[SearchResult] | None = None
        self._notes: dict[str, str] = {}

    @classmethod
    def open(cls, root: Path, *, profile=None, read_only: bool = False) -> Library:
        """Open or create the library kept in the folder ``root``.

        Args:
            profile: an ``engine.profiles.Profile``; None for the one in the settings.
            read_only: do not take the writer's lock; only searching, reading and exporting work.

        Raises:
            LibraryInUse: another process writes to it (never with ``read_only``).
            StoreTooNew, StoreDamaged, DiskFull: as the names say.
            FolderProblem: the folder cannot be used, or (``read_only``) holds no library.
        """
        paths = LibraryPaths(Path(root).expanduser().resolve())
        settings, notice = settings_file.load(paths.settings)
        profile = profile or profiles.by_name(settings.profile)
        store = Store.open(paths, read_only=read_only)
        try:
            library = cls(paths, store, profile, settings)
        except BaseException:
            store.close()
            raise
        library._set_note("settings", notice)
        if not read_only and store.folders.has_removed():
            library._io_lane.submit("forget removed folders", library._purge)
        return library

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop watching, cancel all jobs, end child processes, checkpoint the store."""
        deadline = time.monotonic() + timeout_s
        if self._watcher is not None:
            self._watcher.close(timeout_s)
        lanes = (self._index_lane, self._io_lane, self._search_lane)
        for lane in lanes:
            lane.close(timeout_s=0)  # cancels; the waiting comes below, for all at once
        self._indexer.resume()
        ended = [lane.close(max(0.0, deadline - time.monotonic())) for lane in lanes]
        self._analysts.close()
        self._decoder.close()
        if not all(ended):  # the children are gone now, which ends whatever waited for them
            ended = [lane.close(1.0) for lane in lanes]
        if not all(ended):
            log.warning("a job was still busy when the library was closed")
        self._thumbnails.close()
        self._store.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- folders ---------------------------------------------------------------------------

    def folders(self) -> tuple[Folder, ...]:
        return self._store.folders.all(self._profile_id)

    def add_folder(self, path: Path) -> Folder:
        """Watch a folder and everything below it. Adding it twice changes nothing.

        Raises:
            FolderProblem: it does not exist, is not a folder, cannot be read, holds the library
                itself, or lies inside (or around) a folder that is watched already.
        """
        self._refuse_if_read_only("adding a folder")
        path = Path(path).expanduser().resolve()
        refuse_unfit(path, self.paths.root, self._store.folders.paths().values())
        folder_id = self._store.folders.add(path)
        self._note(LibraryChanges(folders=True))
        if self._watcher is not None:
            self._watcher.watch(path)
        return next(folder for folder in self.folders() if folder.id == folder_id)

    def remove_folder(self, folder_id: FolderId) -> None:
        """Forget a folder and what was made from its photos. No photo file is touched.

        It is out of every answer at once; deleting what was made goes on in lane ``io``.

        Raises:
            BadRequest: there is no such folder.
        """
        self._refuse_if_read_only("removing a folder")
        path = self._store.folders.paths().get(folder_id)
        if path is None or not self._store.folders.mark_removed(folder_id):
            raise BadRequest("There is no such folder.", operation="removing a folder")
        self._note(LibraryChanges(folders=True, problems=True))
        if self._watcher is not None:
            self._watcher.unwatch(path)
        self._io_lane.submit("forget removed folders", self._purge)

    def start_watching(self) -> None:
        """Follow the folders live: scan them now, then whenever something changes, then index."""
        self._refuse_if_read_only("watching folders")
        with self._lock:
            if self._watcher is None:
                often_s = self.settings.rescan_minutes * 60
                periods = Periods(rescan_s=min(Periods().rescan_s, often_s), safety_s=often_s)
                self._watcher = FolderWatcher(self._scan_and_index, periods=periods)
        # The watcher asks for a scan of each folder as it begins; this is for what is left over.
        for path in self._store.folders.paths().values():
            self._watcher.watch(path)
        self._wish_index(scan=False)

    # -- indexing --------------------------------------------------------------------------

    def scan(self) -> Job[LibraryChanges]:
        """Compare the folders with the store (lane ``io``); new files then wait to be indexed."""
        self._refuse_if_read_only("scanning the folders")
        return self._io_lane.submit("scan", lambda context: self._scanned(context, None))

    def index(self) -> Job[LibraryStatus]:
        """Scan, then index what waits, newest first (lane ``index``). Running already: that job,
        which then scans once more before it ends.

        Many new photos are made searchable as a whole first, then looked at in full; the job
        ends when all are. Survives a kill at any moment: each photo is written in one
        transaction. Progress carries photos done, total, rate and seconds left of the pass that
        is going on. A photo that fails becomes a problem.
        """
        return self._wish_index(scan=True)

    def pause_indexing(self) -> None:
        """Stop after the photo in work and stay stopped until ``resume_indexing``."""
        self._indexer.pause()

    def resume_indexing(self) -> None:
        self._indexer.resume()

    def status(self) -> LibraryStatus:
        """Counts and rate; cheap enough to poll twice a second."""
        totals = self._store.counts.totals(self._profile_id)
        waiting = self._store.counts.waiting(self._profile_id)
        snapshot = self._indexer.snapshot
        per_second: dict[IndexLevel, float | None] = {**self._store.counts.paces(self._profile_id)}
        current = PassStatus()
        if snapshot.state is IndexingState.RUNNING:
            per_second[snapshot.level] = snapshot.per_second
            current = _pass_status(snapshot.level, waiting, per_second)
        with self._lock:
            notes = [*self._notes.values(), self._watcher.note if self._watcher else ""]
        return LibraryStatus(
            profile=self.profile.name,
            photos=totals.photos,
            searchable=totals.searchable,
            pending=totals.pending,
            problems=totals.problems,
            regions=totals.things,
            folders=self.folders(),
            indexing=snapshot.state,
            photos_per_s=current.photos_per_s,
            seconds_left=current.seconds_left,
            current_path=snapshot.current,
            note=" ".join(note for note in notes if note),
            outlined=totals.outlined,
            coarse=_pass_status(IndexLevel.COARSE, waiting, per_second),
            full=_pass_status(IndexLevel.FULL, waiting, per_second),
        )

    def problems(self, limit: int = 1000) -> tuple[Problem, ...]:
        """Files that could not be indexed, newest first, then entries that are no photo files
        though they are named like some."""
        return self._store.failures.problems(limit)

    def retry_problems(self, paths: Sequence[Path] | None = None) -> int:
        """Put failed files (None: all) back in the queue; how many."""
        self._refuse_if_read_only("trying files again")
        count = self._store.failures.retry(paths)
        self._note(LibraryChanges(folders=True, problems=True))
        return count

    def take_changes(self) -> LibraryChanges:
        """What changed since this was last called; the window polls it."""
        with self._lock:
            taken, self._changes = self._changes, LibraryChanges()
        return taken

    # -- looking ---------------------------------------------------------------------------

    def warm_up(self) -> Job[None]:
        """Load what the first search needs (lane ``search``)."""
        return self._search_lane.submit("warm up", self._search.warm_up)

    def search(self, request: SearchRequest) -> Job[SearchResult]:
        """Rank photos (lane ``search``). A newer call cancels the older one.

        ``job.partial`` is a ``SearchResult`` as soon as stage one is done; with a slow verifier
        it is replaced as verdicts come in. A search by example leaves out the example's photo.
        """
        job = self._search_lane.submit(
            "search", lambda context: self._search.search(request, context), latest_wins=True
        )
        self._latest_search = job
        return job

    def photo(self, photo_id: PhotoId) -> Photo | None:
        return self._store.photos.get(photo_id)

    def photos(self, limit: int = 200, before: PhotoId | None = None) -> tuple[Photo, ...]:
        """Searchable photos, newest first, a page at a time (for the grid without a query)."""
        return self._store.photos.page(self._profile_id, limit, before)

    def regions(self, photo_id: PhotoId) -> tuple[Region, ...]:
        """The photo's things under the active profile, best mask first."""
        return self._store.regions.of_photo(photo_id, self._profile_id)

    def region(self, region_id: RegionId) -> Region | None:
        return self._store.regions.get(region_id)

    def thumbnail(self, photo_id: PhotoId) -> bytes | None:
        """JPEG, upright, longest side 384 px; None if there is none yet."""
        return self._thumbnails.get(photo_id)

    def read_photo(self, photo_id: PhotoId, longest_px: int | None = None) -> np.ndarray:
        """Decode in the decoder process: uint8 (H, W, 3) upright, at most ``longest_px``.

        Blocks: call it from a worker thread. Raises PhotoMissing, PhotoUnreadable, ...
        """
        photo = self._store.photos.get(photo_id)
        if photo is None:
            raise PhotoMissing(
                "This photo is no longer in the library.", operation="reading the photo"
            )
        return self._read_rgb(photo, longest_px)

    # -- taking out ------------------------------------------------------------------------

    def export(self, request: ExportRequest) -> Job[ExportSummary]:
        """Write hits to files (lane ``io``). A hit that fails becomes a problem of the summary."""
        from engine.export import exporter

        return self._io_lane.submit(
            "export", lambda context: exporter.run(request, self._read_rgb, context)
        )

    def check(self) -> Job[CheckReport]:
        """Compare store and index, repair what is derived (lane ``index``). ``read_only``: only
        report."""
        return self._index_lane.submit(
            "check",
            lambda context: check_library(
                self._store, self._index, self._thumbnails, self._read_rgb, context
            ),
        )

    # -- inside ----------------------------------------------------------------------------

    def _wish_index(self, *, scan: bool) -> Job[LibraryStatus]:
        """Start the index job, or make the running one go round once more."""
        self._refuse_if_read_only("indexing")
        with self._lock:
            job, context = self._index_job, self._index_context
            running = job is not None and not job.ended
            if running and not (context is not None and context.cancel.cancelled):
                self._run_wanted = True
                self._scan_wanted |= scan
                return job
            self._run_wanted, self._scan_wanted = True, scan
            self._index_context = None
            self._index_job = self._index_lane.submit("index", self._run_index)
            return self._index_job

    def _run_index(self, context: JobContext) -> LibraryStatus:
        with self._lock:
            self._index_context = context
        self._set_note("index", "")
        try:
            while self._take_wish(context):
                self._indexer.run(context)
        except EngineError as error:
            self._set_note("index", error.message)
            raise
        finally:
            with self._lock:
                if self._index_context is context:
                    self._index_job = None
        return self.status()

    def _take_wish(self, context: JobContext) -> bool:
        """Whether to go round (again), after the scan that was asked for."""
        with self._lock:
            if not self._run_wanted:
                # Under the lock: a wish that comes now finds no job and starts a new one.
                self._index_job = None
                return False
            scan, self._run_wanted, self._scan_wanted = self._scan_wanted, False, False
        if scan:
            self._scanned(context, None)
        return True

    def _scan_and_index(self, path: Path) -> None:
        """Something changed below this folder. In the watcher's thread."""

        def work(context: JobContext) -> LibraryChanges:
            ids = [i for i, root in self._store.folders.paths().items() if root == path]
            found = self._scanned(context, ids)
            if found:
                self._wish_index(scan=False)
            return found

        self._io_lane.submit("scan", work)

    def _scanned(
        self, context: JobContext, folder_ids: Sequence[FolderId] | None
    ) -> LibraryChanges:
        found = self._scan.scan(context, folder_ids)
        self._note(found)
        return found

    def _purge(self, context: JobContext) -> None:
        self._note(self._scan.purge_removed(context))

    def _search_waits(self) -> bool:
        job = self._latest_search
        return job is not None and not job.ended and job.partial is None

    def _read_rgb(self, photo: Photo, longest_px: int | None = None) -> np.ndarray:
        return self._decoder.read(photo.path, longest_px).rgb

    def _note(self, changes: LibraryChanges) -> None:
        if changes:
            with self._lock:
                self._changes |= changes

    def _set_note(self, source: str, note: str) -> None:
        with self._lock:
            self._notes[source] = note

    def _refuse_if_read_only(self, operation: str) -> None:
        if self.read_only:
            raise BadRequest(
                "This library is open for reading only.",
                operation=operation,
                path=self.paths.root,
                hint="Close the other Pickout that is using it, and open it again.",
            )


def _pass_status(
    level: IndexLevel, waiting: Waiting, per_second: Mapping[IndexLevel, float | None]
) -> PassStatus:
    left, rate = waits_for(level, waiting), per_second.get(level)
    return PassStatus(left, rate, left / rate if rate else None)

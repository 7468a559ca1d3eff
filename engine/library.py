"""The facade: a library of photos on disk, and everything one can ask of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine import library_status, profile_change, profiles
from engine import settings as settings_file
from engine.decode.photo_pixels import PhotoPixels
from engine.decode.process import DecoderProcess
from engine.decode.thumbnails import ThumbnailCache
from engine.errors import BadRequest, PhotoMissing
from engine.index.vector_index import VectorIndex
from engine.indexing.folder_choice import refuse_unfit
from engine.indexing.folder_scan import FolderScan
from engine.indexing.integrity import check_library
from engine.indexing.looking import Lookers
from engine.indexing.profile_wish import ProfileWish
from engine.indexing.rounds import IndexRounds
from engine.jobs import Job, JobContext, Lane
from engine.library_news import LibraryNews
from engine.paths import LibraryPaths
from engine.profile_change import ProfileChanges
from engine.records import (
    CheckReport,
    ExportRequest,
    ExportSummary,
    Folder,
    FolderId,
    KeptProfile,
    LibraryChanges,
    LibraryStatus,
    Photo,
    PhotoId,
    Problem,
    ProfileCost,
    Region,
    RegionId,
    SearchRequest,
    SearchResult,
    SecondLookInfo,
)
from engine.search.answering import AnswerDesk, Answering
from engine.search.service import SearchService
from engine.search.verifier import SecondLook
from engine.second_look.language_model_look import LanguageModelLook
from engine.settings import Settings
from engine.store.store import Store
from engine.watch.timetable import Periods
from engine.watch.watcher import FolderWatcher

log = logging.getLogger(__name__)


class Library:
    """One open library. Methods that return a ``Job`` come back at once; the rest answer quickly.

    Thread-safe: any thread may call any method. Open it with ``Library.open``, close it once.
    """

    def __init__(
        self,
        paths: LibraryPaths,
        store: Store,
        profile: profiles.Profile,
        wish: ProfileWish,
        second_look: SecondLook | None = None,
    ) -> None:
        self.paths = paths
        self._second_look = second_look or LanguageModelLook(
            lambda: wish.settings, paths.second_look_log, store.verdicts
        )
        self.read_only = store.read_only
        self._store = store
        self._wish = wish
        self._news = LibraryNews()
        self._index_lane, self._search_lane, self._io_lane = map(Lane, ("index", "search", "io"))
        self._thumbnails = ThumbnailCache(paths.thumbnails)
        self._decoder = DecoderProcess()
        self._pixels = PhotoPixels(self._decoder, self._thumbnails)
        self._desk = AnswerDesk(self._answering, profile)
        self._lookers = Lookers(
            self._desk,
            store,
            self._thumbnails,
            wish.settings,
            search_waits=self._search_waits,
            on_change=self._news.add,
        )
        self._scan = FolderScan(store, self._thumbnails, paths.root)
        self._rounds = IndexRounds(
            self._index_lane,
            store,
            self._desk,
            self._lookers,
            wish,
            scan=lambda context: self._scanned(context, None),
            note=self._news.add,
            remark=self._news.say,
            status=self.status,
        )
        self._profiles = ProfileChanges(paths, store, self._desk, self._lookers, wish, self._rounds)
        self._watcher: FolderWatcher | None = None
        self._lock = threading.Lock()
        self._latest_search: Job[SearchResult] | None = None

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        profile=None,
        read_only: bool = False,
        second_look: SecondLook | None = None,
    ) -> Library:
        """Open or create the library kept in the folder ``root``.

        Args:
            profile: an ``engine.profiles.Profile`` to answer this time; None for the one in the
                settings, and to go on with a change to another one.
            second_look: None for the language model that the settings name.
            read_only: do not take the writer's lock; only searching, reading and exporting work.

        Raises:
            LibraryInUse: another process writes to it (never with ``read_only``).
            StoreTooNew, StoreDamaged, DiskFull: as the names say.
            FolderProblem: the folder cannot be used, or (``read_only``) holds no library.
            BadRequest: the settings name models that nobody knows.
        """
        paths = LibraryPaths(Path(root).expanduser().resolve())
        settings, notice = settings_file.load(paths.settings)
        wish = ProfileWish(paths.settings, settings, follow=profile is None and not read_only)
        missing = ""
        if profile is None:
            profile, missing = profile_change.answering(settings.profile)
        store = Store.open(paths, read_only=read_only)
        try:
            library = cls(paths, store, profile, wish, second_look)
        except BaseException:
            store.close()
            raise
        library._news.say("settings", notice)
        library._news.say("profile", " ".join(filter(None, (missing, wish.note))))
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
        self._lookers.resume()
        ended = [lane.close(max(0.0, deadline - time.monotonic())) for lane in lanes]
        self._lookers.close()
        self._second_look.close()
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
        self._news.add(LibraryChanges(folders=True))
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
        self._news.add(LibraryChanges(folders=True, problems=True))
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
        self._rounds.start(scan=False)

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
        self._refuse_if_read_only("indexing")
        return self._rounds.start(scan=True)

    def pause_indexing(self) -> None:
        """Stop after the photo in work and stay stopped until ``resume_indexing``."""
        self._lookers.pause()

    def resume_indexing(self) -> None:
        self._lookers.resume()

    def status(self) -> LibraryStatus:
        """Counts and rate; cheap enough to poll twice a second."""
        watcher_note = self._watcher.note if self._watcher else ""
        note = " ".join(filter(None, (self._news.note, watcher_note)))
        return library_status.take(self._store, self._desk, self._lookers, self._profiles, note)

    def problems(self, limit: int = 1000) -> tuple[Problem, ...]:
        """Files that could not be indexed, newest first, then entries that are no photo files
        though they are named like some."""
        return self._store.failures.problems(limit)

    def retry_problems(self, paths: Sequence[Path] | None = None) -> int:
        """Put failed files (None: all) back in the queue; how many."""
        self._refuse_if_read_only("trying files again")
        count = self._store.failures.retry(paths)
        self._news.add(LibraryChanges(folders=True, problems=True))
        return count

    def take_changes(self) -> LibraryChanges:
        """What changed since this was last called; the window polls it."""
        return self._news.take()

    # -- looking ---------------------------------------------------------------------------

    def warm_up(self) -> Job[None]:
        """Load what the first search needs (lane ``search``)."""
        return self._search_lane.submit("warm up", self._warm_up)

    def search(self, request: SearchRequest) -> Job[SearchResult]:
        """Rank photos (lane ``search``). A newer call cancels the older one.

        ``job.partial`` is a ``SearchResult`` as soon as stage one is done; with a second look
        (``request.verify``) it is replaced as verdicts come in. A search by example leaves out the
        example's photo. All of a result is of one profile, the one it names, whatever answers by
        the time it ends.
        """
        job = self._search_lane.submit(
            "search", lambda context: self._answer(request, context), latest_wins=True
        )
        self._latest_search = job
        return job

    def second_look(self) -> SecondLookInfo:
        """Which language model takes the second look, or why none does. Reads small files."""
        return self._second_look.info()

    def photo(self, photo_id: PhotoId) -> Photo | None:
        return self._store.photos.get(photo_id)

    def photos(self, limit: int = 200, before: PhotoId | None = None) -> tuple[Photo, ...]:
        """Searchable photos, newest first, a page at a time (for the grid without a query)."""
        return self._store.photos.page(self._profile_id, limit, before)

    def regions(self, photo_id: PhotoId) -> tuple[Region, ...]:
        """The photo's things under the profile that answers, best mask first."""
        return self._store.regions.of_photo(photo_id, self._profile_id)

    def region(self, region_id: RegionId) -> Region | None:
        """A thing by its id, also one that other models than those that answer have outlined."""
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
        return self._pixels.read(photo, longest_px)

    # -- taking out ------------------------------------------------------------------------

    def export(self, request: ExportRequest) -> Job[ExportSummary]:
        """Write hits to files (lane ``io``). A hit that fails becomes a problem of the summary."""
        from engine.export import exporter

        return self._io_lane.submit(
            "export", lambda context: exporter.run(request, self._pixels.read, context)
        )

    def check(self) -> Job[CheckReport]:
        """Compare store and index, repair what is derived (lane ``index``). ``read_only``: only
        report."""
        return self._index_lane.submit(
            "check",
            lambda context: check_library(
                self._store, self._desk.current.index, self._thumbnails, self._pixels.read, context
            ),
        )

    # -- models ----------------------------------------------------------------------------

    @property
    def profile(self) -> profiles.Profile:
        """The one that answers."""
        return self._desk.current.profile

    @property
    def settings(self) -> Settings:
        return self._wish.settings

    def kept_profiles(self) -> tuple[KeptProfile, ...]:
        """All models that have looked at photos of this library. Reads a sample of their rows."""
        return self._profiles.kept()

    def profile_change_cost(self, profile: profiles.Profile | str) -> Job[ProfileCost]:
        """What a change will take (lane ``io``). Where no rate is known from earlier, the models
        are tried on a few photos, which takes as long as loading them; nothing of it is kept.

        The job raises BadRequest (no such models), ModelMissing, ModelBroken, WorkerCrashed.
        """
        self._refuse_if_read_only("changing the models")
        return self._io_lane.submit(
            "profile cost", lambda context: self._profiles.cost(profile, context)
        )

    def change_profile(self, profile: profiles.Profile | str) -> Job[LibraryStatus]:
        """Let other models look at every photo, newest first, and answer once they have.

        Until then the old ones answer, and new photos are looked at with them first. Models that
        have seen everything already answer at once. The wish is kept in the settings: after a
        kill or a cancel of the job, the next ``index`` or ``start_watching`` goes on. A second
        call changes the mind; the profile that answers means that no change is wanted. What was
        made stays, see ``forget_profile``.

        Returns:
            The index job, which ends when everything is indexed; ``status().change`` tells how
            far it is.

        Raises:
            BadRequest: there are no such models, or the library is open for reading only.
            ModelMissing: they are not installed.
            DiskFull: the wish cannot be written.
        """
        self._refuse_if_read_only("changing the models")
        return self._profiles.change(profile)

    def cancel_profile_change(self) -> None:
        """The models that answer stay. What the others made is kept for another time. Raises
        DiskFull."""
        self._refuse_if_read_only("changing the models")
        self._profiles.cancel()

    def forget_profile(self, name: str) -> Job[int]:
        """Delete what models made that neither answer nor will (lane ``index``).

        Returns:
            The bytes that are free now: files deleted, and room inside the database.
            The job raises BadRequest if they are in use or were never used.
        """
        self._refuse_if_read_only("forgetting what models made")
        return self._index_lane.submit(
            "forget profile", lambda context: self._profiles.forget(name, context)
        )

    # -- inside ----------------------------------------------------------------------------

    @property
    def _profile_id(self) -> int:
        return self._desk.current.profile_id

    def _answering(self, profile: profiles.Profile) -> Answering:
        """What belongs to a profile; nothing is loaded yet."""
        profile_id = self._store.profile_id(profile.key, profile.ndim, profile.name)
        index = VectorIndex(
            self.paths.index(profile.key),
            self._store.regions,
            profile_id,
            profile_key=profile.key,
            ndim=profile.ndim,
            metric=profile.metric,
            read_only=self.read_only,
        )
        search = SearchService(
            self._store,
            index,
            profile,
            self._pixels.read_or_thumbnail,
            self._second_look,
            lambda *asked: self._lookers.outline(*asked),  # there are none yet
        )
        return Answering(profile, profile_id, index, search)

    def _answer(self, request: SearchRequest, context: JobContext) -> SearchResult:
        with self._desk.using() as answering:
            return answering.search.search(request, context)

    def _warm_up(self, context: JobContext) -> None:
        with self._desk.using() as answering:
            answering.search.warm_up(context)

    def _scan_and_index(self, path: Path) -> None:
        """Something changed below this folder. In the watcher's thread."""

        def work(context: JobContext) -> LibraryChanges:
            ids = [i for i, root in self._store.folders.paths().items() if root == path]
            found = self._scanned(context, ids)
            if found:
                self._rounds.start(scan=False)
            return found

        self._io_lane.submit("scan", work)

    def _scanned(
        self, context: JobContext, folder_ids: Sequence[FolderId] | None
    ) -> LibraryChanges:
        found = self._scan.scan(context, folder_ids)
        self._news.add(found)
        return found

    def _purge(self, context: JobContext) -> None:
        self._news.add(self._scan.purge_removed(context))

    def _search_waits(self) -> bool:
        """Somebody waits for hits or for verdicts; models that all want every core would only
        slow each other down."""
        job = self._latest_search
        if job is None or job.ended:
            return False
        return job.partial is None or job.partial.to_look_at > 0

    def _refuse_if_read_only(self, operation: str) -> None:
        if self.read_only:
            raise BadRequest(
                "This library is open for reading only.",
                operation=operation,
                path=self.paths.root,
                hint="Close the other Pickout that is using it, and open it again.",
            )

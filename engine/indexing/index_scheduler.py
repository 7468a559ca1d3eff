"""The index job: rounds of scanning and looking, and changing over to other models in between."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.errors import EngineError, ModelBroken, ModelMissing, WorkerCrashed
from engine.indexing.indexer_pool import IndexerPool
from engine.indexing.profile_setting import ProfileSetting
from engine.jobs import Job, JobContext, Lane
from engine.profiles.profile import Profile
from engine.records import LibraryChanges, LibraryStatus
from engine.search.active_profile import ActiveProfile
from engine.store.store import Store


class IndexScheduler:
    """One index job at a time, in the index lane; a wish that comes meanwhile makes it go round
    once more.

    While other models are to answer, each round has two parts. First the models that answer take
    the new files, so that these are found at once; many of them are looked at as a whole only,
    since what is answered with them is soon replaced. Then the models to come look at all photos
    the library knows, newest first, and give way as soon as there are new files. When nothing is
    left for them they answer, in one step.

    Args:
        scan: compares the folders with the store.
        note: told of what changed; ``remark`` of what people should know, by its source.
        status: what the job returns.
    """

    def __init__(
        self,
        lane: Lane,
        store: Store,
        active_profile: ActiveProfile,
        indexer_pool: IndexerPool,
        profile_setting: ProfileSetting,
        *,
        scan: Callable[[JobContext], object],
        on_change: Callable[[LibraryChanges], None],
        set_note: Callable[[str, str], None],
        status: Callable[[], LibraryStatus],
    ) -> None:
        self._lane = lane
        self._store = store
        self._active_profile = active_profile
        self._indexer_pool = indexer_pool
        self._profile_setting = profile_setting
        self._scan = scan
        self._on_change = on_change
        self._set_note = set_note
        self._status = status
        self._lock = threading.Lock()
        self._job: Job[LibraryStatus] | None = None
        self._context: JobContext | None = None
        self._scan_wanted = self._run_wanted = False

    def start(self, *, scan: bool) -> Job[LibraryStatus]:
        """Start the index job, or make the running one go round once more."""
        with self._lock:
            job, context = self._job, self._context
            running = job is not None and not job.ended
            if running and not (context is not None and context.cancel.cancelled):
                self._run_wanted = True
                self._scan_wanted |= scan
                return job
            self._run_wanted, self._scan_wanted = True, scan
            self._context = None
            self._job = self._lane.submit("index", self._run)
            return self._job

    def request_run(self) -> None:
        """Make a running job go round once more; start none."""
        with self._lock:
            self._run_wanted = True

    def is_complete(self, profile: Profile) -> bool:
        """Whether these models have looked at every photo they could."""
        profile_id = self._store.profile_id(profile.key, profile.ndim, profile.name)
        waiting = self._store.counts.waiting(profile_id)
        if waiting.lacking > 0 or waiting.coarse > 0:
            return False
        # With every drive unplugged nothing waits either; but then nothing would be found.
        known = self._store.counts.totals(self._active_profile.current.profile_id).searchable
        return not known or any(f.online for f in self._store.folders.all(profile_id))

    def _run(self, context: JobContext) -> LibraryStatus:
        with self._lock:
            self._context = context
        self._set_note("index", "")
        try:
            while self._take_request(context):
                self._run_once(context)
        except EngineError as error:
            self._set_note("index", error.message)
            raise
        finally:
            with self._lock:
                if self._context is context:
                    self._job = None
        return self._status()

    def _take_request(self, context: JobContext) -> bool:
        """Whether to go round (again), after the scan that was asked for."""
        with self._lock:
            if not self._run_wanted:
                # Under the lock: a wish that comes now finds no job and starts a new one.
                self._job = None
                return False
            scan, self._run_wanted, self._scan_wanted = self._scan_wanted, False, False
        if scan:
            self._scan(context)
        return True

    def _run_once(self, context: JobContext) -> None:
        setting = self._profile_setting
        target = setting.target
        if target is not None and self.is_complete(target):
            self._activate(target)
            target = setting.target
        answering = self._active_profile.current.profile
        kept = {answering.key} | ({target.key} if target is not None else set())
        self._indexer_pool.retain(kept)

        def superseded() -> bool:
            return setting.target is not target

        try:
            self._indexer_pool.get(answering).indexer.run(
                context, finish=target is None, gives_way=superseded
            )
        except (ModelMissing, ModelBroken, WorkerCrashed) as error:
            if target is None:
                raise
            # Models that have stopped working are a reason to change them, not an obstacle.
            self._set_note("index", error.message)
        if target is None or self._run_wanted or superseded():
            return
        before = self._left(target)
        self._indexer_pool.get(target).indexer.run(
            context,
            new_files=False,
            gives_way=lambda: self._run_wanted or superseded(),
            models=target.name,
        )
        # A round that got nowhere is not repeated by itself; the next wish tries again.
        if self.is_complete(target) or self._left(target) < before:
            with self._lock:
                self._run_wanted = True

    def _left(self, profile: Profile) -> int:
        profile_id = self._store.profile_id(profile.key, profile.ndim, profile.name)
        waiting = self._store.counts.waiting(profile_id)
        return 2 * waiting.lacking + waiting.coarse

    def _activate(self, target: Profile) -> None:
        """Raises:
        ModelMissing, ModelBroken: the new models cannot answer; the old ones go on.
        """
        taken = self._active_profile.acquire(target)
        try:
            taken.search.load()  # the first search after the change is as fast as any
            if self._profile_setting.complete(target):
                self._active_profile.activate(target)
                self._on_change(LibraryChanges(profile=True, folders=True, problems=True))
        finally:
            self._active_profile.release(taken)

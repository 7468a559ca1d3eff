"""The index job: scans folders, indexes photos, and changes to a requested profile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from engine.errors import EngineError, ModelBroken, ModelMissing, WorkerCrashed
from engine.indexing.indexer_pool import IndexerPool
from engine.indexing.profile_setting import ProfileSetting
from engine.jobs import Job, JobContext, Lane
from engine.profiles.profile import Profile
from engine.records import FolderId, LibraryChanges, LibraryStatus
from engine.search.active_profile import ActiveProfile
from engine.store.store import Store


class IndexScheduler:
    """Runs one index job at a time, in the index lane. Thread-safe.

    The job runs once for each request; a request that comes while it runs makes it run once more.
    While a change to another profile is requested, each run has two parts:

    1. The active profile indexes new files, so that searches find them at once. Many new files
       get the coarse pass only, since their data are soon replaced.
    2. The requested profile indexes all photos of the library, newest first, and yields as soon as
       there are new files.

    When the requested profile has no photo left, it becomes active in one step.

    Args:
        scan: compares these folders (None: all) with the store.
        on_change: called with every change of the library.
        set_note: called with a source and its note for people.
        status: computes the result of the job.
    """

    def __init__(
        self,
        lane: Lane,
        store: Store,
        active_profile: ActiveProfile,
        indexer_pool: IndexerPool,
        profile_setting: ProfileSetting,
        *,
        scan: Callable[[JobContext, Collection[FolderId] | None], LibraryChanges],
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
        """Start the index job, or make the running one run once more.

        Args:
            scan: compare the folders with the store first.
        """
        with self._lock:
            job, context = self._job, self._context
            cancelled = context is not None and context.cancel.cancelled
            if job is not None and not job.ended and not cancelled:
                self._run_wanted = True
                self._scan_wanted |= scan
                return job
            self._run_wanted, self._scan_wanted = True, scan
            self._context = None
            self._job = self._lane.submit("index", self._run)
            return self._job

    def request_run(self) -> None:
        """Make a running job run once more; start none."""
        with self._lock:
            self._run_wanted = True

    def is_complete(self, profile: Profile) -> bool:
        """Whether this profile has indexed every photo that can be reached, in full."""
        profile_id = self._store.profile_id(profile.key, profile.ndim, profile.name)
        waiting = self._store.counts.waiting(profile_id)
        if waiting.lacking > 0 or waiting.coarse > 0:
            return False
        # With every drive unplugged no photo waits either, but searches would find nothing.
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
        """Take the pending request and do its scan; False if there is none, which ends the job."""
        with self._lock:
            if not self._run_wanted:
                # Under the lock: a request that comes now finds no job and starts a new one.
                self._job = None
                return False
            scan, self._run_wanted, self._scan_wanted = self._scan_wanted, False, False
        if scan:
            self._scan(context, None)
        return True

    def _run_once(self, context: JobContext) -> None:
        """Index with the active profile, then with the requested one, if there is one."""
        setting = self._profile_setting
        target = setting.target
        if target is not None and self.is_complete(target):
            self._activate(target)
            target = setting.target
        active = self._active_profile.current.profile
        keys = {active.key} | ({target.key} if target is not None else set())
        self._indexer_pool.retain(keys)

        def superseded() -> bool:
            return setting.target is not target

        try:
            vanished_in = self._indexer_pool.get(active).indexer.run(
                context, full_pass=target is None, should_yield=superseded
            )
            if vanished_in and self._scan(context, vanished_in):
                self.request_run()
        except (ModelMissing, ModelBroken, WorkerCrashed) as error:
            if target is None:
                raise
            # Broken models of the active profile must not block the change to another one.
            self._set_note("index", error.message)
        if target is None or self._run_wanted or superseded():
            return
        before = self._remaining_work(target)
        vanished_in = self._indexer_pool.get(target).indexer.run(
            context,
            new_files=False,
            should_yield=lambda: self._run_wanted or superseded(),
            models=target.name,
        )
        if vanished_in:
            self._scan(context, vanished_in)
        # A run without progress is not repeated by itself; the next request tries again.
        if self.is_complete(target) or self._remaining_work(target) < before:
            with self._lock:
                self._run_wanted = True

    def _remaining_work(self, profile: Profile) -> int:
        """Passes left for the photos that wait: two for a new photo, one for a coarse one."""
        profile_id = self._store.profile_id(profile.key, profile.ndim, profile.name)
        waiting = self._store.counts.waiting(profile_id)
        return 2 * waiting.lacking + waiting.coarse

    def _activate(self, target: Profile) -> None:
        """Make the requested profile the active one.

        Raises:
            ModelMissing, ModelBroken: its models cannot be loaded; the old profile stays active.
        """
        runtime = self._active_profile.acquire(target)
        try:
            runtime.search.load_models()  # the first search after the change is as fast as any
            if self._profile_setting.complete(target):
                self._active_profile.activate(target)
                self._on_change(LibraryChanges(profile=True, folders=True, problems=True))
        finally:
            self._active_profile.release(runtime)

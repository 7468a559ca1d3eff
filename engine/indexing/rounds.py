"""The index job: rounds of scanning and looking, and changing over to other models in between."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.errors import EngineError, ModelBroken, ModelMissing, WorkerCrashed
from engine.indexing.looking import Lookers
from engine.indexing.profile_wish import ProfileWish
from engine.jobs import Job, JobContext, Lane
from engine.profiles import Profile
from engine.records import LibraryChanges, LibraryStatus
from engine.search.answering import AnswerDesk
from engine.store.store import Store


class IndexRounds:
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
        desk: AnswerDesk,
        lookers: Lookers,
        wish: ProfileWish,
        *,
        scan: Callable[[JobContext], object],
        note: Callable[[LibraryChanges], None],
        remark: Callable[[str, str], None],
        status: Callable[[], LibraryStatus],
    ) -> None:
        self._lane = lane
        self._store = store
        self._desk = desk
        self._lookers = lookers
        self._wish = wish
        self._scan = scan
        self._note = note
        self._remark = remark
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

    def go_on(self) -> None:
        """Make a running job go round once more; start none."""
        with self._lock:
            self._run_wanted = True

    def complete(self, profile: Profile) -> bool:
        """Whether these models have looked at every photo they could."""
        profile_id = self._store.profile_id(profile.key, profile.ndim, profile.name)
        waiting = self._store.counts.waiting(profile_id)
        if waiting.lacking > 0 or waiting.coarse > 0:
            return False
        # With every drive unplugged nothing waits either; but then nothing would be found.
        known = self._store.counts.totals(self._desk.current.profile_id).searchable
        return not known or any(f.online for f in self._store.folders.all(profile_id))

    def _run(self, context: JobContext) -> LibraryStatus:
        with self._lock:
            self._context = context
        self._remark("index", "")
        try:
            while self._take_wish(context):
                self._round(context)
        except EngineError as error:
            self._remark("index", error.message)
            raise
        finally:
            with self._lock:
                if self._context is context:
                    self._job = None
        return self._status()

    def _take_wish(self, context: JobContext) -> bool:
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

    def _round(self, context: JobContext) -> None:
        wish = self._wish
        target = wish.target
        if target is not None and self.complete(target):
            self._change_over(target)
            target = wish.target
        answering = self._desk.current.profile
        kept = {answering.key} | ({target.key} if target is not None else set())
        self._lookers.keep(kept)

        def other_wish() -> bool:
            return wish.target is not target

        try:
            self._lookers.of(answering).indexer.run(
                context, finish=target is None, gives_way=other_wish
            )
        except (ModelMissing, ModelBroken, WorkerCrashed) as error:
            if target is None:
                raise
            # Models that have stopped working are a reason to change them, not an obstacle.
            self._remark("index", error.message)
        if target is None or self._run_wanted or other_wish():
            return
        before = self._left(target)
        self._lookers.of(target).indexer.run(
            context,
            new_files=False,
            gives_way=lambda: self._run_wanted or other_wish(),
            models=target.name,
        )
        # A round that got nowhere is not repeated by itself; the next wish tries again.
        if self.complete(target) or self._left(target) < before:
            with self._lock:
                self._run_wanted = True

    def _left(self, profile: Profile) -> int:
        profile_id = self._store.profile_id(profile.key, profile.ndim, profile.name)
        waiting = self._store.counts.waiting(profile_id)
        return 2 * waiting.lacking + waiting.coarse

    def _change_over(self, target: Profile) -> None:
        """Raises:
        ModelMissing, ModelBroken: the new models cannot answer; the old ones go on.
        """
        taken = self._desk.take(target)
        try:
            taken.search.load()  # the first search after the change is as fast as any
            if self._wish.fulfil(target):
                self._desk.change(target)
                self._note(LibraryChanges(profile=True, folders=True, problems=True))
        finally:
            self._desk.let_go(taken)

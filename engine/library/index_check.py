"""Reads the files of the active index in the background, to find damage."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from engine.jobs import Job, JobContext, Lane, Progress
from engine.search.active_profile import ActiveProfile


class IndexCheck:
    """Checks one file after the other in lane ``check``, while the library is open. Damaged ones
    are built again in lane ``index``. Thread-safe.

    Args:
        give_way: waits while a search needs the processor and the disk.
    """

    def __init__(
        self,
        active_profile: ActiveProfile,
        check: Lane,
        index: Lane,
        give_way: Callable[[JobContext], None],
    ) -> None:
        self._active_profile = active_profile
        self._check, self._index = check, index
        self._give_way = give_way
        self._lock = threading.Lock()
        self._job: Job[None] | None = None

    def start(self) -> None:
        """Begin, unless it has begun or nothing is left to be read. Returns at once."""
        with self._lock:
            running = self._job is not None and not self._job.ended
            if not running and self._active_profile.current.index.unchecked:
                with contextlib.suppress(RuntimeError):  # the library is being closed
                    self._job = self._check.submit("check the index", self._check_all)

    def make_complete(self) -> Job[None]:
        """Read, without giving way, what no search can use before it was read."""
        return self._check.submit("check new files of the index", self._check_unusable)

    def _check_all(self, context: JobContext) -> None:
        while self._active_profile.current.index.unchecked:
            self._check_next(lambda: self._give_way(context))

    def _check_unusable(self, context: JobContext) -> None:
        with self._active_profile.using() as runtime:
            index = runtime.index
            index.refresh()
            total = index.unchecked
            while index.unchecked and not index.complete:
                done = total - index.unchecked
                context.report(Progress("Checking the search index", done, total))
                self._check_next(context.cancel.raise_if_set)

    def _check_next(self, between: Callable[[], None]) -> None:
        with self._active_profile.using() as runtime:
            good = runtime.index.check_next(between)
        if not good and not runtime.index.read_only:
            with contextlib.suppress(RuntimeError):
                self._index.submit("repair the index", self._repair)

    def _repair(self, context: JobContext) -> None:
        with self._active_profile.using() as runtime:
            runtime.index.maintain(context.cancel, merge=False)

"""Which photo comes next, and how closely it is looked at."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from engine.indexing.analysis_pool import unsettled_span_ns
from engine.store.rows import FileRow, IndexLevel
from engine.store.store import NEWEST, Store

_RESTLESS_LOOKS = 3
"""A file that changed under this many looks is left for the next run."""


@dataclass(frozen=True, slots=True)
class Task:
    """Look at this file, to this level."""

    file: FileRow
    level: IndexLevel


class WorkList:
    """The work of one run, newest first. Everything in it is a query of the store, so that a kill
    loses nothing. Used by one thread.

    Photos that are new to the profile come first: coarse if they are many, so that all of them
    are soon searchable, else in full at once, which costs less than both. Then come those that
    have waited for their full look since.

    Args:
        coarse_pass: whether the profile has one.
        few: up to so many new photos are indexed in full at once.
        page: most files read from the store at a time.
        new_files: whether it takes files that no models have looked at yet; else only those that
            lack this profile.
        finish: whether it goes back to photos that are known from a coarse look only.
    """

    def __init__(
        self,
        store: Store,
        profile_id: int,
        *,
        coarse_pass: bool,
        few: int,
        page: int,
        new_files: bool = True,
        finish: bool = True,
    ) -> None:
        self._store = store
        self._profile_id = profile_id
        self._coarse_pass = coarse_pass
        self._few = few
        self._page_size = page
        self._new_files = new_files
        self._finish = finish
        self._page: deque[Task] = deque()
        self._in_coarse_pass = False
        self._page_is_new = True
        self._after = NEWEST
        self._restless: Counter[int] = Counter()

    def next(self, in_work: Iterable[Task]) -> Task | None:
        """The next task; None if there is nothing (else) to do now.

        A full look does not begin while a coarse one goes on: it might overtake one that is still
        reading its file, and keep that photo unsearchable for as long as it takes.

        Args:
            in_work: what is being looked at.
        """
        in_work = tuple(in_work)
        busy = {task.file.id for task in in_work}
        if self._page and not self._page_is_new and self._pending(1, busy):
            self._page.clear()  # new photos do not wait for the long work on the old ones
        if not self._page:
            self._page.extend(self._read_page(busy))
        if not self._page:
            return None
        coarse_goes_on = any(task.level is IndexLevel.COARSE for task in in_work)
        if coarse_goes_on and self._page[0].level is IndexLevel.FULL:
            return None
        return self._page.popleft()

    def note_unstable(self, file: FileRow) -> None:
        """The file changed while it was looked at."""
        self._restless[file.id] += 1

    def _read_page(self, busy: set[int]) -> list[Task]:
        """From the top every time: a photo taken meanwhile is the newest, and comes first."""
        new = self._pending(self._page_size, busy)
        waiting = self._store.counts.waiting(self._profile_id)
        if len(new) < self._page_size and waiting.lacking:
            lacking = self._store.files.lacking(self._profile_id, self._page_size, self._after)
            if lacking:
                self._after = (lacking[-1].mtime_ns, lacking[-1].id)
            new += lacking
        self._page_is_new = bool(new)
        # Once begun, the coarse pass goes on to its end, however few are left.
        many = self._in_coarse_pass or len(new) > self._few
        self._in_coarse_pass = bool(new) and many and self._coarse_pass
        if new:
            level = IndexLevel.COARSE if self._in_coarse_pass else IndexLevel.FULL
            return [Task(file, level) for file in new]
        if not waiting.coarse or not self._finish:
            return []
        old = self._store.files.coarse(self._profile_id, self._page_size + len(busy))
        return [Task(file, IndexLevel.FULL) for file in self._free(old, busy)]

    def _pending(self, limit: int, busy: set[int]) -> list[FileRow]:
        """Files that were never looked at, without those that are still being written."""
        if not self._new_files:
            return []
        left_out = len(busy) + len(self._restless)
        files = self._store.files.pending(limit + left_out, unsettled_ns=unsettled_span_ns())
        return self._free(files, busy)[:limit]

    def _free(self, files: Iterable[FileRow], busy: set[int]) -> list[FileRow]:
        return [
            file
            for file in files
            if file.id not in busy and self._restless[file.id] < _RESTLESS_LOOKS
        ]

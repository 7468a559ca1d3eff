"""The order in which photos are indexed, and the pass that each gets."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from engine.indexing.analysis_pool import unsettled_span_ns
from engine.store.rows import FileRow, IndexLevel
from engine.store.store import NEWEST, Store

_MAX_REFUSED_PAGES = 100
"""So many pages are read at once if other indexers are faster with every file of them."""
_MAX_UNSTABLE_ATTEMPTS = 3
"""A file that changed during this many analyses is left for the next run."""


@dataclass(frozen=True, slots=True)
class Task:
    """A file to index and the level to index it to."""

    file: FileRow
    level: IndexLevel


class WorkList:
    """The tasks of one run, newest file first. Used by one thread.

    All tasks are read from the store, so that a kill loses none. Photos that are new to the
    profile come first. If they are many, they get the coarse pass, so that all of them are soon
    searchable; if they are few, they get the full pass at once, which costs less than both. Then
    come the photos that have had only the coarse pass.

    Args:
        coarse_pass: whether the profile has a coarse pass.
        direct_full_limit: up to this many new photos are indexed in full at once.
        page_size: most files read from the store at a time.
        new_files: include files that no profile has indexed; otherwise only photos that other
            profiles have indexed and this one has not.
        full_pass: include photos that have had only the coarse pass.
    """

    def __init__(
        self,
        store: Store,
        profile_id: int,
        *,
        coarse_pass: bool,
        direct_full_limit: int,
        page_size: int,
        new_files: bool = True,
        full_pass: bool = True,
    ) -> None:
        self._store = store
        self._profile_id = profile_id
        self._coarse_pass = coarse_pass
        self._direct_full_limit = direct_full_limit
        self._page_size = page_size
        self._new_files = new_files
        self._full_pass = full_pass
        self._page: deque[Task] = deque()
        self._in_coarse_pass = False
        self._page_has_new_files = True
        self._after = NEWEST
        self._unstable_counts: Counter[int] = Counter()

    def next(self, in_progress: Iterable[Task]) -> Task | None:
        """The next task; None if there is none at present.

        No full task starts while a coarse one is in progress: it might get the worker before a
        coarse task that is still reading its file, and keep that photo unsearchable for as long as
        the full pass takes.

        Args:
            in_progress: tasks that were returned and have not ended.
        """
        in_progress = tuple(in_progress)
        in_progress_ids = {task.file.id for task in in_progress}
        if self._page and not self._page_has_new_files and self._pending(1, in_progress_ids):
            self._page.clear()  # new photos do not wait for the long work on the old ones
        coarse_in_progress = any(task.level is IndexLevel.COARSE for task in in_progress)
        for _ in range(_MAX_REFUSED_PAGES):
            if not self._page:
                self._page.extend(self._read_page(in_progress_ids))
            if not self._page:
                return None
            while self._page:
                if coarse_in_progress and self._page[0].level is IndexLevel.FULL:
                    return None
                task = self._page.popleft()
                if self._store.files.claim(task.file, self._profile_id, task.level):
                    return task
        return None

    def note_unstable(self, file: FileRow) -> None:
        """Count that this file changed while it was analysed."""
        self._unstable_counts[file.id] += 1

    def leave(self, file: FileRow) -> None:
        """Leave this file for the next run."""
        self._unstable_counts[file.id] = _MAX_UNSTABLE_ATTEMPTS

    def has_unsettled(self) -> bool:
        """Whether files that are not left for the next run are still being written."""
        return bool(self._available(self._store.files.pending(1 + len(self._unstable_counts)), ()))

    def _read_page(self, in_progress_ids: set[int]) -> list[Task]:
        """The next tasks, from the newest file on, so that files added meanwhile come first."""
        new = self._pending(self._page_size, in_progress_ids)
        waiting = self._store.counts.waiting(self._profile_id)
        if len(new) < self._page_size and waiting.lacking:
            lacking = self._store.files.lacking(self._profile_id, self._page_size, self._after)
            if lacking:
                self._after = (lacking[-1].mtime_ns, lacking[-1].id)
            new += lacking
        self._page_has_new_files = bool(new)
        # A coarse pass that has begun continues to its end, however few photos are left.
        use_coarse = self._in_coarse_pass or len(new) > self._direct_full_limit
        self._in_coarse_pass = bool(new) and use_coarse and self._coarse_pass
        if new:
            level = IndexLevel.COARSE if self._in_coarse_pass else IndexLevel.FULL
            return [Task(file, level) for file in new]
        if not waiting.coarse or not self._full_pass:
            return []
        left_out = len(in_progress_ids) + len(self._unstable_counts)
        old = self._store.files.coarse(self._profile_id, self._page_size + left_out)
        return [Task(file, IndexLevel.FULL) for file in self._available(old, in_progress_ids)]

    def _pending(self, limit: int, in_progress_ids: set[int]) -> list[FileRow]:
        """Files that no profile has indexed, without those that are still being written."""
        if not self._new_files:
            return []
        left_out = len(in_progress_ids) + len(self._unstable_counts)
        files = self._store.files.pending(limit + left_out, unsettled_ns=unsettled_span_ns())
        return self._available(files, in_progress_ids)[:limit]

    def _available(
        self, files: Iterable[FileRow], in_progress_ids: Collection[int]
    ) -> list[FileRow]:
        """The files that are neither in progress nor unstable."""
        return [
            file
            for file in files
            if file.id not in in_progress_ids
            and self._unstable_counts[file.id] < _MAX_UNSTABLE_ATTEMPTS
        ]

"""Indexing of a library: starting, pausing, and files that failed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.indexing.index_scheduler import IndexScheduler
from engine.jobs import Job
from engine.library.components import LibraryComponents
from engine.records import LibraryChanges, LibraryStatus, Problem


class LibraryIndexing:
    """Controls the index job. Thread-safe."""

    def __init__(self, components: LibraryComponents, scheduler: IndexScheduler) -> None:
        self._components = components
        self._scheduler = scheduler

    def start(self) -> Job[LibraryStatus]:
        """Scan the folders, then index new files, newest first (lane ``index``). If an index job
        runs already, return that one; it scans once more before it ends.

        Many new photos are made searchable as a whole first and get their regions afterwards; the
        job ends when all have them. It survives a kill at any moment, because each photo is
        written in one transaction. Progress carries photos done, total, rate and seconds left of
        the current pass. A photo that fails becomes a problem.

        Raises:
            BadRequest: the library was opened for reading only.
        """
        self._components.refuse_if_read_only("indexing")
        return self._scheduler.start(scan=True)

    def pause(self) -> None:
        """Finish the current photos and start no others until ``resume``."""
        self._components.pause_control.pause()

    def resume(self, *, always: bool = False) -> None:
        """Go on after ``pause``, or though the battery is low or other programs are busy, which the
        settings may have wait for: until that ends and comes back; ``always``: for good."""
        self._components.pause_control.resume(always=always)

    def problems(self, limit: int = 1000) -> tuple[Problem, ...]:
        """Files that could not be indexed, newest first, then entries that are named like photo
        files but are none."""
        return self._components.store.failures.problems(limit)

    def retry_problems(self, paths: Sequence[Path] | None = None) -> int:
        """Put failed files (None: all) back in the queue; returns how many.

        Raises:
            BadRequest: the library was opened for reading only.
        """
        self._components.refuse_if_read_only("trying files again")
        count = self._components.store.failures.retry(paths)
        self._components.change_log.record(LibraryChanges(folders=True, problems=True))
        return count

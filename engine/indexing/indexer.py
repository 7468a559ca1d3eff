"""Walks the work list: the one writer of photos and of the index. Runs in the index lane."""

from __future__ import annotations

import concurrent.futures
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.decode.thumbnails import ThumbnailCache
from engine.errors import Cancelled, EngineError
from engine.index.vector_index import VectorIndex
from engine.indexing.analysis_pool import AnalysisPool, Failed, Finding, Known, Unsettled, Vanished
from engine.indexing.throughput import Throughput
from engine.indexing.work_list import Task, WorkList
from engine.jobs import CancelToken, JobContext, Progress
from engine.records import IndexingState, LibraryChanges, PhotoId
from engine.store.rows import AnalysedPhoto, FileRow, IndexLevel, Waiting, Written
from engine.store.store import Store

log = logging.getLogger(__name__)

_POLL_S = 0.1
_UNSETTLED_WAIT_S = 10.0
"""How long the end of a run waits for files that are still being written."""
_YIELD_LIMIT_S = 1.0
"""How long the next photo waits for a search: searches without end must not starve indexing."""
_MAINTAIN_EVERY = 2000
"""Regions written between two looks at the length of the index's tail."""
_FEW_A_WORKER = 2
"""New photos for each worker that need no coarse pass: in full at once costs less than both."""
_THROUGHPUT_NOTED_EVERY_S = 5.0
_THROUGHPUT_KNOWN_AFTER = 8
"""Photos of a run after which its rate says something: the models load with the first."""
_STAGES = {
    IndexLevel.COARSE: "Making photos searchable",
    IndexLevel.FULL: "Looking at photos",
}


@dataclass(frozen=True, slots=True)
class IndexingSnapshot:
    """What the status line says of indexing.

    Attributes:
        level: of the pass that is going on.
        per_second: photos of that pass, None until it is known.
    """

    state: IndexingState = IndexingState.IDLE
    level: IndexLevel = IndexLevel.FULL
    per_second: float | None = None
    current: Path | None = None


class Indexer:
    """One run at a time, in the index lane; ``snapshot`` is for any thread.

    Args:
        search_waits: whether a search wants the processor now.
        on_change: told of every photo and problem, in the index lane.
        going_on: set unless indexing is paused; indexers of one library share it.
    """

    def __init__(
        self,
        store: Store,
        index: VectorIndex,
        thumbnails: ThumbnailCache,
        analysis_pool: AnalysisPool,
        *,
        search_waits: Callable[[], bool],
        on_change: Callable[[LibraryChanges], None],
        going_on: threading.Event | None = None,
    ) -> None:
        self._store = store
        self._index = index
        self._thumbnails = thumbnails
        self._analysis_pool = analysis_pool
        self._search_waits = search_waits
        self._on_change = on_change
        if going_on is None:
            going_on = threading.Event()
            going_on.set()
        self._going_on = going_on
        self._running = False
        self._throughput = {level: Throughput() for level in IndexLevel}
        self._level = IndexLevel.FULL
        self._current: Path | None = None
        self._regions_written = 0

    @property
    def snapshot(self) -> IndexingSnapshot:
        if not self._running:
            return IndexingSnapshot()
        if not self._going_on.is_set():
            return IndexingSnapshot(IndexingState.PAUSED)
        return IndexingSnapshot(
            IndexingState.RUNNING,
            self._level,
            self._throughput[self._level].per_second,
            self._current,
        )

    def run(
        self,
        context: JobContext,
        *,
        new_files: bool = True,
        finish: bool = True,
        gives_way: Callable[[], bool] = lambda: False,
        models: str = "",
    ) -> None:
        """Index everything that waits, files that come meanwhile included, in full.

        Args:
            new_files, finish: as for ``WorkList``.
            gives_way: asked before each photo whether something else has become more urgent; the
                run then ends after the photos that are in work.
            models: named in the progress, where it is not clear which are meant.

        Raises:
            Cancelled: photos written so far stay.
            DiskFull: the same; nothing is lost.
            ModelMissing, ModelBroken, WorkerCrashed: the models cannot be used at all.
        """
        self._running = True
        self._start_throughput()
        run = _Run(self, context, new_files, finish, gives_way, models)
        try:
            run.walk()
            self._index.maintain(context.cancel)
        finally:
            self._running = False
            self._current = None

    def wait_while_paused(self, cancel: CancelToken, gives_way: Callable[[], bool]) -> None:
        """Until it goes on, or gives way.

        Raises:
            Cancelled: if the run is not wanted any more.
        """
        if self._going_on.is_set():
            return
        while not self._going_on.wait(_POLL_S) and not gives_way():
            cancel.raise_if_set()
        self._start_throughput()

    # -- used by the run -------------------------------------------------------------------

    def _start_throughput(self) -> None:
        for throughput in self._throughput.values():
            throughput.start()

    def _begin(self, level: IndexLevel) -> None:
        """The next photo belongs to this pass; what the other one took is none of its time."""
        if level is not self._level:
            self._level = level
            self._throughput[level].start()

    def _yield_to_search(self, cancel: CancelToken) -> None:
        waited_s = 0.0
        while self._search_waits() and waited_s < _YIELD_LIMIT_S:
            cancel.raise_if_set()
            cancel.wait(0.02)
            waited_s += 0.02

    def _settle(self, file: FileRow, finding: Finding, cancel: CancelToken) -> None:
        """Write what became of a file."""
        outcomes = self._store.outcomes
        if isinstance(finding, AnalysedPhoto):
            written = outcomes.write(file, finding, self._index.profile_id, self._thumbnails.put)
            self._note(file, written)
            self._index.remove(written.replaced_regions)
            self._regions_written += len(finding.vectors)
            if self._regions_written >= _MAINTAIN_EVERY:
                self._regions_written = 0
                self._index.maintain(cancel, merge=False)
        elif isinstance(finding, Known):
            self._note(file, outcomes.link_known(file, finding.version, finding.photo_id))
        elif isinstance(finding, Unsettled):
            self._store.files.record_version(file, finding.size_bytes, finding.mtime_ns)
        elif isinstance(finding, Vanished):
            self._note_vanished(file, finding)
        else:
            self._note_failed(file, finding)

    def _note(self, file: FileRow, written: Written) -> None:
        self._thumbnails.remove(written.deleted_photos)
        changed = {written.photo_id, file.photo_id, *written.deleted_photos} - {None}
        self._on_change(LibraryChanges(photos=frozenset(changed), problems=True))

    def _note_vanished(self, file: FileRow, finding: Vanished) -> None:
        if finding.folder_offline:
            self._store.folders.set_online(file.folder_id, False)
            self._on_change(LibraryChanges(folders=True))
            return
        self._store.outcomes.record_missing(file)
        held: frozenset[PhotoId] = frozenset([file.photo_id] if file.photo_id else [])
        self._on_change(LibraryChanges(photos=held, folders=True))

    def _note_failed(self, file: FileRow, finding: Failed) -> None:
        if finding.for_all:
            raise finding.error
        log.info("not indexed: %s: %s", file.path, finding.error)
        self._store.outcomes.record_failure(file, finding.error, finding.error.operation)
        self._on_change(LibraryChanges(problems=True))


class _Run:
    """One walk through the work list."""

    def __init__(
        self,
        indexer: Indexer,
        context: JobContext,
        new_files: bool,
        finish: bool,
        gives_way: Callable[[], bool],
        models: str,
    ) -> None:
        self._indexer = indexer
        self._new_files = new_files
        self._gives_way = gives_way
        self._models = f" with the models {models}" if models else ""
        self._context = context
        self._cancel = context.cancel
        self._analyses = CancelToken()
        self._in_work: dict[concurrent.futures.Future[Finding], Task] = {}
        analysis_pool = indexer._analysis_pool
        self._work = WorkList(
            indexer._store,
            indexer._index.profile_id,
            coarse_pass=analysis_pool.coarse_pass,
            few=_FEW_A_WORKER * analysis_pool.workers,
            page=8 * analysis_pool.capacity,
            new_files=new_files,
            finish=finish,
        )
        self._done = dict.fromkeys(IndexLevel, 0)
        self._noted_at_s = time.monotonic()
        self._idle_s = 0.0

    def walk(self) -> None:
        try:
            while True:
                self._cancel.raise_if_set()
                self._fill()
                if self._in_work:
                    self._collect()
                elif not self._may_wait():
                    break
        finally:
            # After an error or a cancel, nothing goes on in the background.
            self._analyses.cancel()
            concurrent.futures.wait(self._in_work)
        self._note_throughput()
        self._report()

    def _fill(self) -> None:
        """Keep the pool busy, but never more than a few photos ahead."""
        indexer = self._indexer
        while len(self._in_work) < indexer._analysis_pool.capacity:
            if self._gives_way():
                return
            if not indexer._going_on.is_set():
                if self._in_work:
                    return
                indexer.wait_while_paused(self._cancel, self._gives_way)
                continue
            task = self._work.next(self._in_work.values())
            if task is None:
                return
            file = task.file
            indexer._yield_to_search(self._cancel)
            indexer._begin(task.level)
            indexer._current = file.path
            root = indexer._store.folders.paths().get(file.folder_id)
            if root is not None:  # else its folder was removed a moment ago
                future = indexer._analysis_pool.analyse(file, task.level, root, self._analyses)
                self._in_work[future] = task
            if not any(self._done.values()):
                self._report()  # the first photo takes long: the models load with it

    def _collect(self) -> None:
        self._idle_s = 0.0
        done, _ = concurrent.futures.wait(
            self._in_work, _POLL_S, concurrent.futures.FIRST_COMPLETED
        )
        if self._cancel.cancelled:
            self._analyses.cancel()
        for future in done:
            task = self._in_work.pop(future)
            finding = self._finding(task.file, future)
            if isinstance(finding, Unsettled):
                self._work.note_unstable(task.file)
            self._indexer._settle(task.file, finding, self._cancel)
            self._done[task.level] += 1
            self._indexer._throughput[task.level].step()
        if done:
            self._report()
            if time.monotonic() - self._noted_at_s >= _THROUGHPUT_NOTED_EVERY_S:
                self._note_throughput()

    def _finding(self, file: FileRow, future: concurrent.futures.Future[Finding]) -> Finding:
        try:
            return future.result()
        except (EngineError, Cancelled):
            raise
        except Exception as bug:  # one photo must not end the run
            self._cancel.raise_if_set()
            log.error("looking at %s failed", file.path, exc_info=bug)
            return Failed(
                EngineError(
                    "Something went wrong inside Pickout with this photo.",
                    operation="looking at the photo",
                    path=file.path,
                    hint="Please report it.",
                )
            )

    def _note_throughput(self) -> None:
        self._noted_at_s = time.monotonic()
        indexer = self._indexer
        for level, throughput in indexer._throughput.items():
            if self._done[level] >= _THROUGHPUT_KNOWN_AFTER and throughput.per_second:
                counts, profile_id = indexer._store.counts, indexer._index.profile_id
                counts.record_throughput(profile_id, level, throughput.per_second)

    def _may_wait(self) -> bool:
        """Nothing can be done now: wait a little if files are only too fresh to be read."""
        if not self._new_files or self._gives_way():
            return False
        if self._idle_s >= _UNSETTLED_WAIT_S or not self._indexer._store.files.pending(1):
            return False
        self._cancel.wait(_POLL_S)
        self._idle_s += _POLL_S
        return True

    def _report(self) -> None:
        """How far the pass that is going on has come."""
        indexer = self._indexer
        level = indexer._level
        throughput, done = indexer._throughput[level], self._done[level]
        waiting = waits_for(level, indexer._store.counts.waiting(indexer._index.profile_id))
        current = indexer._current.name if indexer._current is not None else ""
        self._context.report(
            Progress(
                f"{_STAGES[level]}{self._models}",
                done,
                done + waiting,
                throughput.per_second,
                throughput.seconds_left(waiting),
                current,
            )
        )


def waits_for(level: IndexLevel, waiting: Waiting) -> int:
    """Photos that a pass has still to look at: each will be looked at in full in the end."""
    new = waiting.pending + waiting.lacking
    return new if level is IndexLevel.COARSE else new + waiting.coarse

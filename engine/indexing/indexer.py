"""Indexes the photos of a work list. The only writer of photos and of the vector index."""

from __future__ import annotations

import concurrent.futures
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.decode.thumbnails import Thumbnails
from engine.errors import Cancelled, EngineError
from engine.index.vector_index import VectorIndex
from engine.indexing.analysis_pool import AnalysisPool, Failed, Finding, Known, Unsettled, Vanished
from engine.indexing.metadata_pass import MetadataPass
from engine.indexing.pause_control import PauseControl
from engine.indexing.throughput import Throughput
from engine.indexing.work_list import Task, WorkList
from engine.jobs import CancelToken, JobContext, Progress
from engine.records import FolderId, IndexingState, LibraryChanges
from engine.store.rows import AnalysedPhoto, FileRow, IndexLevel, Waiting, Written
from engine.store.store import Store

log = logging.getLogger(__name__)

_POLL_S = 0.1
_UNSETTLED_WAIT_S = 10.0
"""How long a run waits, at its end, for files that are still being written."""
_YIELD_LIMIT_S = 1.0
"""How long the next photo waits for searches at most, so that they cannot starve indexing."""
_MAINTAIN_EVERY_REGIONS = 2000
"""Regions written between two maintenance calls of the vector index."""
_DIRECT_FULL_PER_WORKER = 2
"""Up to this many new photos for each worker skip the coarse pass: the full pass alone costs less
than both."""
_RECORD_THROUGHPUT_EVERY_S = 5.0
_MIN_PHOTOS_FOR_THROUGHPUT = 8
"""Photos after which a run's rate is stored; before, it is dominated by loading the models."""
_STAGES = {
    IndexLevel.COARSE: "Making photos searchable",
    IndexLevel.FULL: "Looking at photos",
}


@dataclass(frozen=True, slots=True)
class IndexingSnapshot:
    """State of indexing for the status line.

    Attributes:
        level: the current pass.
        per_second: photos a second in that pass; None until it is measured.
        current: the file submitted last.
        note: for the user, on how the last photo was analysed.
    """

    state: IndexingState = IndexingState.IDLE
    level: IndexLevel = IndexLevel.FULL
    per_second: float | None = None
    current: Path | None = None
    note: str = ""


class Indexer:
    """Indexes with one profile, one run at a time, in the index lane.

    Args:
        search_is_waiting: whether a search needs the processor now.
        on_change: called for every photo and problem, in the index lane.
        pause_control: all indexers of a library share it.
    """

    def __init__(
        self,
        store: Store,
        index: VectorIndex,
        thumbnails: Thumbnails,
        analysis_pool: AnalysisPool,
        *,
        search_is_waiting: Callable[[], bool],
        on_change: Callable[[LibraryChanges], None],
        pause_control: PauseControl,
    ) -> None:
        self._store = store
        self._index = index
        self._thumbnails = thumbnails
        self._analysis_pool = analysis_pool
        self._search_is_waiting = search_is_waiting
        self._on_change = on_change
        self._pause_control = pause_control
        self._running = False
        self._throughput = {level: Throughput() for level in IndexLevel}
        self._level = IndexLevel.FULL
        self._current: Path | None = None
        self._note = ""
        self._regions_written = 0

    @property
    def snapshot(self) -> IndexingSnapshot:
        """The state now. Any thread."""
        if not self._running:
            return IndexingSnapshot(note=self._note)
        if self._pause_control.paused:
            note = self._pause_control.reason or self._note
            return IndexingSnapshot(IndexingState.PAUSED, note=note)
        return IndexingSnapshot(
            IndexingState.RUNNING,
            self._level,
            self._throughput[self._level].per_second,
            self._current,
            self._note,
        )

    def run(
        self,
        context: JobContext,
        *,
        new_files: bool = True,
        full_pass: bool = True,
        should_yield: Callable[[], bool] = lambda: False,
        models: str = "",
    ) -> frozenset[FolderId]:
        """Index all waiting photos, including files that are added meanwhile, in full.

        Args:
            new_files, full_pass: as for ``WorkList``.
            should_yield: called before each photo; if it returns True, the run ends after the
                photos in progress, because something else is more urgent.
            models: name of the models for the progress text; empty leaves it out.

        Returns:
            Folders in which files had vanished. They wait until a scan says what became of them.

        Raises:
            Cancelled: photos written so far stay.
            DiskFull: photos written so far stay.
            ModelMissing, ModelBroken, WorkerCrashed: the models cannot be used at all.
        """
        self._running = True
        self._note = ""
        self._start_throughput()
        run = _Run(self, context, new_files, full_pass, should_yield, models)
        try:
            self._read_metadata(context, should_yield)
            run.execute()
            self._read_metadata(context, should_yield)  # of copies that were found meanwhile
            self._index.maintain(context.cancel)
        finally:
            self._running = False
            self._current = None
        return frozenset(run.vanished_in)

    def wait_while_paused(self, cancel: CancelToken, should_yield: Callable[[], bool]) -> None:
        """Block until another photo may be started or ``should_yield`` returns True.

        Raises:
            Cancelled: the run was cancelled.
        """
        while not self._pause_control.may_start() and not should_yield():
            cancel.raise_if_set()
            self._pause_control.wait(_POLL_S)
        self._start_throughput()

    # -- used by the run -------------------------------------------------------------------

    def _start_throughput(self) -> None:
        for throughput in self._throughput.values():
            throughput.start()

    def _switch_pass(self, level: IndexLevel) -> None:
        """Set the current pass; a new one starts its throughput measurement from now."""
        if level is not self._level:
            self._level = level
            self._throughput[level].start()

    def _yield_to_search(self, cancel: CancelToken) -> None:
        """Wait while a search needs the processor, at most ``_YIELD_LIMIT_S``."""
        waited_s = 0.0
        while self._search_is_waiting() and waited_s < _YIELD_LIMIT_S:
            cancel.raise_if_set()
            cancel.wait(0.02)
            waited_s += 0.02

    def _read_metadata(self, context: JobContext, should_yield: Callable[[], bool]) -> None:
        """Read the metadata that is due; quick, because nothing is decoded."""

        def wait() -> bool:
            self.wait_while_paused(context.cancel, should_yield)
            self._yield_to_search(context.cancel)
            return not should_yield()

        MetadataPass(self._store, self._analysis_pool, self._on_change).run(context, wait)

    def _store_finding(self, file: FileRow, finding: Finding, cancel: CancelToken) -> None:
        """Write the finding of a file to the store, the index and the thumbnails."""
        results = self._store.results
        if isinstance(finding, AnalysedPhoto):
            self._note = finding.note
            written = results.write(file, finding, self._index.profile_id, self._thumbnails.put)
            self._publish_written(file, written)
            self._index.remove(written.replaced_regions)
            self._regions_written += len(finding.vectors)
            if self._regions_written >= _MAINTAIN_EVERY_REGIONS:
                self._regions_written = 0
                self._index.maintain(cancel, merge=False)
        elif isinstance(finding, Known):
            self._publish_written(file, results.link_known(file, finding.version, finding.photo_id))
        elif isinstance(finding, Unsettled):
            self._store.files.record_version(file, finding.size_bytes, finding.mtime_ns)
        elif isinstance(finding, Vanished):
            if finding.folder_offline:
                self._store.folders.set_online(file.folder_id, False)
                self._on_change(LibraryChanges(folders=True))
        else:
            self._store_failed(file, finding)

    def _publish_written(self, file: FileRow, written: Written) -> None:
        self._thumbnails.remove(written.deleted_photos)
        photo_ids = (written.photo_id, file.photo_id, *written.deleted_photos)
        changed = {photo_id for photo_id in photo_ids if photo_id is not None}
        self._on_change(LibraryChanges(photos=frozenset(changed), problems=True))

    def _store_failed(self, file: FileRow, finding: Failed) -> None:
        if finding.affects_all_files:
            raise finding.error
        log.info("not indexed: %s: %s", file.path, finding.error)
        self._store.results.record_failure(file, finding.error, finding.error.operation)
        self._on_change(LibraryChanges(problems=True))


class _Run:
    """One run: submits tasks of the work list to the pool and stores their findings."""

    def __init__(
        self,
        indexer: Indexer,
        context: JobContext,
        new_files: bool,
        full_pass: bool,
        should_yield: Callable[[], bool],
        models: str,
    ) -> None:
        self._indexer = indexer
        self._new_files = new_files
        self._should_yield = should_yield
        self._models = f" with the models {models}" if models else ""
        self._context = context
        self._cancel = context.cancel
        self._analyses = CancelToken()
        self._in_progress: dict[concurrent.futures.Future[Finding], Task] = {}
        analysis_pool = indexer._analysis_pool
        self._work = WorkList(
            indexer._store,
            indexer._index.profile_id,
            coarse_pass=analysis_pool.coarse_pass,
            direct_full_limit=_DIRECT_FULL_PER_WORKER * analysis_pool.workers,
            page_size=8 * analysis_pool.capacity,
            new_files=new_files,
            full_pass=full_pass,
        )
        self.vanished_in: set[FolderId] = set()
        self._done = dict.fromkeys(IndexLevel, 0)
        self._recorded_at_s = time.monotonic()
        self._idle_s = 0.0

    def execute(self) -> None:
        """Process tasks until none is left. Raises as ``Indexer.run`` does."""
        try:
            while True:
                self._cancel.raise_if_set()
                self._submit_tasks()
                if self._in_progress:
                    self._collect_findings()
                elif not self._wait_for_unsettled():
                    break
        finally:
            # After an error or a cancel, no analysis continues in the background.
            self._analyses.cancel()
            concurrent.futures.wait(self._in_progress)
        self._record_throughput()
        self._report()

    def _submit_tasks(self) -> None:
        """Submit tasks up to the capacity of the pool."""
        indexer = self._indexer
        while len(self._in_progress) < indexer._analysis_pool.capacity:
            if self._should_yield():
                return
            if not indexer._pause_control.may_start():
                if self._in_progress:
                    return
                indexer.wait_while_paused(self._cancel, self._should_yield)
                continue
            task = self._work.next(self._in_progress.values())
            if task is None:
                return
            file = task.file
            indexer._yield_to_search(self._cancel)
            indexer._switch_pass(task.level)
            indexer._current = file.path
            root = indexer._store.folders.paths().get(file.folder_id)
            if root is not None:  # otherwise its folder was removed a moment ago
                future = indexer._analysis_pool.analyse(file, task.level, root, self._analyses)
                self._in_progress[future] = task
            if not any(self._done.values()):
                self._report()  # the first photo takes long, because the models load with it

    def _collect_findings(self) -> None:
        """Store the findings that are ready; waits at most ``_POLL_S`` for one."""
        self._idle_s = 0.0
        done, _ = concurrent.futures.wait(
            self._in_progress, _POLL_S, concurrent.futures.FIRST_COMPLETED
        )
        if self._cancel.cancelled:
            self._analyses.cancel()
        for future in done:
            task = self._in_progress.pop(future)
            finding = self._finding(task.file, future)
            if isinstance(finding, Unsettled):
                self._work.note_unstable(task.file)
            elif isinstance(finding, Vanished):
                self._work.leave(task.file)
                self.vanished_in.add(task.file.folder_id)
            self._indexer._store_finding(task.file, finding, self._cancel)
            self._done[task.level] += 1
            self._indexer._throughput[task.level].step()
        if done:
            self._report()
            if time.monotonic() - self._recorded_at_s >= _RECORD_THROUGHPUT_EVERY_S:
                self._record_throughput()
                # A changed sidecar does not wait for the end of a long run.
                self._indexer._read_metadata(self._context, self._should_yield)

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

    def _record_throughput(self) -> None:
        """Store the rate of each pass, once it is reliable."""
        self._recorded_at_s = time.monotonic()
        indexer = self._indexer
        for level, throughput in indexer._throughput.items():
            if self._done[level] >= _MIN_PHOTOS_FOR_THROUGHPUT and throughput.per_second:
                counts, profile_id = indexer._store.counts, indexer._index.profile_id
                counts.record_throughput(profile_id, level, throughput.per_second)

    def _wait_for_unsettled(self) -> bool:
        """Wait a moment if files are still being written; False if the run should end.

        Called when no task is available.
        """
        if not self._new_files or self._should_yield():
            return False
        if self._idle_s >= _UNSETTLED_WAIT_S or not self._work.has_unsettled():
            return False
        self._cancel.wait(_POLL_S)
        self._idle_s += _POLL_S
        return True

    def _report(self) -> None:
        """Report the progress of the current pass."""
        indexer = self._indexer
        level = indexer._level
        throughput, done = indexer._throughput[level], self._done[level]
        waiting = photos_waiting(level, indexer._store.counts.waiting(indexer._index.profile_id))
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


def photos_waiting(level: IndexLevel, waiting: Waiting) -> int:
    """Photos that wait for a pass. Every photo gets the full pass in the end."""
    new = waiting.pending + waiting.lacking
    return new if level is IndexLevel.COARSE else new + waiting.coarse

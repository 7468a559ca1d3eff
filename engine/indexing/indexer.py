"""Walks the work list: the one writer of photos and of the index. Runs in the index lane."""

from __future__ import annotations

import concurrent.futures
import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.decode.thumbnails import ThumbnailCache
from engine.errors import Cancelled, EngineError
from engine.index.vector_index import VectorIndex
from engine.indexing.analysts import (
    AnalystPool,
    Failed,
    Finding,
    Known,
    Unsettled,
    Vanished,
    unsettled_span_ns,
)
from engine.indexing.pace import Pace
from engine.jobs import CancelToken, JobContext, Progress
from engine.records import IndexingState, LibraryChanges, PhotoId
from engine.store.files import NEWEST
from engine.store.rows import AnalysedPhoto, FileRow, Written
from engine.store.store import Store

log = logging.getLogger(__name__)

_POLL_S = 0.1
_PATIENCE_S = 10.0
"""How long the end of a run waits for files that are still being written."""
_YIELD_LIMIT_S = 1.0
"""How long the next photo waits for a search: searches without end must not starve indexing."""
_RESTLESS_LOOKS = 3
"""A file that changed under this many looks is left for the next run."""
_SEAL_LOOK_EVERY = 2000
"""Regions written between two looks at the length of the index's tail."""
_STAGE = "Looking at photos"


@dataclass(frozen=True, slots=True)
class IndexingSnapshot:
    """What the status line says of indexing."""

    state: IndexingState = IndexingState.IDLE
    per_second: float | None = None
    seconds_left: float | None = None
    current: Path | None = None


class Indexer:
    """One run at a time, in the index lane; ``pause``, ``resume`` and ``snapshot`` are for any
    thread.

    Args:
        search_waits: whether a search wants the processor now.
        on_change: told of every photo and problem, in the index lane.
    """

    def __init__(
        self,
        store: Store,
        index: VectorIndex,
        thumbnails: ThumbnailCache,
        analysts: AnalystPool,
        *,
        search_waits: Callable[[], bool],
        on_change: Callable[[LibraryChanges], None],
    ) -> None:
        self._store = store
        self._index = index
        self._thumbnails = thumbnails
        self._analysts = analysts
        self._search_waits = search_waits
        self._on_change = on_change
        self._going_on = threading.Event()
        self._going_on.set()
        self._running = False
        self._pace = Pace()
        self._seconds_left: float | None = None
        self._current: Path | None = None
        self._regions_written = 0

    @property
    def snapshot(self) -> IndexingSnapshot:
        if not self._running:
            return IndexingSnapshot()
        if not self._going_on.is_set():
            return IndexingSnapshot(IndexingState.PAUSED)
        return IndexingSnapshot(
            IndexingState.RUNNING, self._pace.per_second, self._seconds_left, self._current
        )

    def pause(self) -> None:
        """Begin no further photo until ``resume``."""
        self._going_on.clear()

    def resume(self) -> None:
        self._going_on.set()

    def run(self, context: JobContext) -> None:
        """Index everything that waits, files that come meanwhile included.

        Raises:
            Cancelled: photos written so far stay.
            DiskFull: the same; nothing is lost.
            ModelMissing, ModelBroken, WorkerCrashed: the models cannot be used at all.
        """
        self._running = True
        self._pace.start()
        run = _Run(self, context)
        try:
            run.walk()
            self._index.maintain(context.cancel)
        finally:
            self._running = False
            self._current = self._seconds_left = None

    def wait_while_paused(self, cancel: CancelToken) -> None:
        """Raises:
        Cancelled: if the run is not wanted any more.
        """
        if self._going_on.is_set():
            return
        while not self._going_on.wait(_POLL_S):
            cancel.raise_if_set()
        self._pace.start()

    # -- used by the run -------------------------------------------------------------------

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
            written = outcomes.write(
                file, finding, self._index.profile_id, self._thumbnails.put
            )
            self._note(file, written)
            self._regions_written += len(finding.vectors)
            if self._regions_written >= _SEAL_LOOK_EVERY:
                self._regions_written = 0
                self._index.maintain(cancel, merge=False)
        elif isinstance(finding, Known):
            self._note(file, outcomes.link(file, finding.version, finding.photo_id))
        elif isinstance(finding, Unsettled):
            self._store.files.note_version(file, finding.size_bytes, finding.mtime_ns)
        elif isinstance(finding, Vanished):
            self._note_vanished(file, finding)
        else:
            self._note_failed(file, finding)

    def _note(self, file: FileRow, written: Written) -> None:
        self._thumbnails.remove(written.forgotten)
        changed = {written.photo_id, file.photo_id, *written.forgotten} - {None}
        self._on_change(LibraryChanges(photos=frozenset(changed), problems=True))

    def _note_vanished(self, file: FileRow, finding: Vanished) -> None:
        if finding.folder_offline:
            self._store.folders.set_online(file.folder_id, False)
            self._on_change(LibraryChanges(folders=True))
            return
        self._store.outcomes.vanished(file)
        held: frozenset[PhotoId] = frozenset([file.photo_id] if file.photo_id else [])
        self._on_change(LibraryChanges(photos=held, folders=True))

    def _note_failed(self, file: FileRow, finding: Failed) -> None:
        if finding.for_all:
            raise finding.error
        log.info("not indexed: %s: %s", file.path, finding.error)
        self._store.outcomes.fail(file, finding.error, finding.error.operation)
        self._on_change(LibraryChanges(problems=True))


class _Run:
    """One walk through the work list."""

    def __init__(self, indexer: Indexer, context: JobContext) -> None:
        self._indexer = indexer
        self._context = context
        self._cancel = context.cancel
        self._looks = CancelToken()
        self._in_work: dict[concurrent.futures.Future[Finding], FileRow] = {}
        self._page: list[FileRow] = []
        self._after = NEWEST
        self._restless: Counter[int] = Counter()
        self._done = 0
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
            self._looks.cancel()
            concurrent.futures.wait(self._in_work)
        self._report()

    def _fill(self) -> None:
        """Keep the pool busy, but never more than a few photos ahead."""
        indexer = self._indexer
        while len(self._in_work) < indexer._analysts.capacity:
            if not indexer._going_on.is_set():
                if self._in_work:
                    return
                indexer.wait_while_paused(self._cancel)
            file = self._next()
            if file is None:
                return
            indexer._yield_to_search(self._cancel)
            indexer._current = file.path
            root = indexer._store.folders.paths().get(file.folder_id)
            if root is not None:  # else its folder was removed a moment ago
                self._in_work[indexer._analysts.look(file, root, self._looks)] = file

    def _next(self) -> FileRow | None:
        if not self._page:
            self._page = self._read_page()
            self._report()
        return self._page.pop(0) if self._page else None

    def _read_page(self) -> list[FileRow]:
        """From the top every time: a photo taken meanwhile is the newest, and comes first."""
        files = self._indexer._store.files
        capacity = self._indexer._analysts.capacity
        busy = {file.id for file in self._in_work.values()}
        busy.update(id_ for id_, times in self._restless.items() if times >= _RESTLESS_LOOKS)
        page = files.pending(8 * capacity + len(busy), unsettled_ns=unsettled_span_ns())
        page = [file for file in page if file.id not in busy]
        if not page and self._indexer._store.counts.waiting(self._profile_id)[1]:
            page = files.lacking(self._profile_id, 8 * capacity, self._after)
            if page:
                self._after = (page[-1].mtime_ns, page[-1].id)
        return page

    def _collect(self) -> None:
        self._idle_s = 0.0
        done, _ = concurrent.futures.wait(
            self._in_work, _POLL_S, concurrent.futures.FIRST_COMPLETED
        )
        if self._cancel.cancelled:
            self._looks.cancel()
        for future in done:
            file = self._in_work.pop(future)
            finding = self._finding(file, future)
            if isinstance(finding, Unsettled):
                self._restless[file.id] += 1
            self._indexer._settle(file, finding, self._cancel)
            self._done += 1
            self._indexer._pace.step()
        if done:
            self._report()

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

    def _may_wait(self) -> bool:
        """Nothing can be done now: wait a little if files are only too fresh to be read."""
        if self._idle_s >= _PATIENCE_S or not self._indexer._store.files.pending(1):
            return False
        self._cancel.wait(_POLL_S)
        self._idle_s += _POLL_S
        return True

    @property
    def _profile_id(self) -> int:
        return self._indexer._index.profile_id

    def _report(self) -> None:
        indexer = self._indexer
        waiting = sum(indexer._store.counts.waiting(self._profile_id))
        indexer._seconds_left = indexer._pace.seconds_left(waiting)
        current = indexer._current.name if indexer._current is not None else ""
        self._context.report(
            Progress(
                _STAGE,
                self._done,
                self._done + waiting,
                indexer._pace.per_second,
                indexer._seconds_left,
                current,
            )
        )

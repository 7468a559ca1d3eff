"""The pool that looks at files: cheap checks and hashing here, pixels in child processes."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from engine.decode.reader import fingerprint
from engine.errors import Cancelled, EngineError, PhotoMissing, WorkerCrashed
from engine.indexing.analysis import LOADING, AnalysisRequest, Outline, OutlineRequest, serving
from engine.indexing.idle_workers import IdleWorkers
from engine.jobs import CancelToken
from engine.jobs.machine import memory_bytes, usable_cores
from engine.jobs.worker_process import POLL_S, STARTING, WorkerProcess
from engine.profiles.profile import Profile
from engine.records import BoxXyxy, Photo, PhotoId
from engine.store.rows import AnalysedPhoto, FileRow, FileVersion, IndexLevel
from engine.store.store import ResultWriter

SETTLE_NS = 2_000_000_000
"""A file modified more recently than this may still be in the middle of being written."""


@dataclass(frozen=True, slots=True)
class Known:
    """The file's content is in the store already."""

    version: FileVersion
    photo_id: PhotoId


@dataclass(frozen=True, slots=True)
class Unsettled:
    """The file is being written, or was just now."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Vanished:
    """The file is gone; with ``folder_offline``, so is all of its folder."""

    folder_offline: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """The file cannot be indexed. ``for_all``: no other file could be either."""

    error: EngineError
    for_all: bool = False


Finding = AnalysedPhoto | Known | Unsettled | Vanished | Failed


class AnalysisPool:
    """Looks at files, several at a time. Owned by the index lane; ``outline`` and ``close`` may
    come from any thread. Threads live as long as the pool, children start with the first unknown
    photo.

    Args:
        workers: child processes, each with its own models and a fair share of the cores.

    Attributes:
        capacity: files that may be in work at once.
        coarse_pass: whether the profile has one.
    """

    def __init__(
        self,
        profile: Profile,
        profile_id: int,
        outcomes: ResultWriter,
        *,
        workers: int,
        time_limit_s: float,
    ) -> None:
        workers = min(workers, profile.most_workers or workers)
        self.workers = workers
        self.coarse_pass = profile.coarse_longest_px > 0
        self._profile_id = profile_id
        self._outcomes = outcomes
        threads = max(1, usable_cores() // workers)
        self._workers = [
            WorkerProcess(
                "photo analyst",
                serving(profile),
                time_limit_s=max(time_limit_s, profile.least_time_limit_s),
                threads=threads,
                background=True,
            )
            for _ in range(workers)
        ]
        self._idle = IdleWorkers(self._workers)
        # Twice as many threads as children: the next file is hashed while this one is looked at.
        self.capacity = 2 * workers
        # One more, so that an outline waits for a child, but never for a thread.
        self._threads = ThreadPoolExecutor(self.capacity + 1, thread_name_prefix="pickout-analyst")
        self._closed = threading.Event()

    def analyse(
        self, file: FileRow, level: IndexLevel, root: Path, cancel: CancelToken
    ) -> Future[Finding]:
        """Begin to look at a file below the folder ``root``. The future raises Cancelled, or
        whatever is a bug; everything else is a finding."""
        return self._threads.submit(self._examine, file, level, root, cancel)

    def outline(self, photo: Photo, box: BoxXyxy, cancel: CancelToken) -> Outline | None:
        """Outline the thing in a box, before the photos that wait. Blocks, for no longer than a
        photo and the outline take.

        A caller who is cancelled is let go at once, and the child finishes what it has begun:
        killing it would cost the index a start of all models, which takes longer.

        Args:
            box: in pixels of the upright photo.

        Returns:
            None if the models cannot be pointed at anything, if nothing fits the box, or if the
            pool is closed by then.

        Raises:
            Cancelled: ``cancel`` was set.
            PhotoMissing, PhotoUnreadable, ModelMissing, WorkerCrashed, ...: as the names say.
        """
        cancel.raise_if_set()
        request = OutlineRequest(photo.path, photo.size_wh, box)
        try:
            future = self._threads.submit(self._outlined, request, cancel)
            while not wait([future], POLL_S).done:
                cancel.raise_if_set()
            return future.result()
        except (Cancelled, CancelledError, RuntimeError):  # what a pool says that is closed
            cancel.raise_if_set()
            if self._closed.is_set():
                return None
            raise

    def close(self) -> None:
        """End the children and the threads."""
        self._closed.set()
        for worker in self._workers:
            worker.close()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _examine(
        self, file: FileRow, level: IndexLevel, root: Path, cancel: CancelToken
    ) -> Finding:
        cancel.raise_if_set()
        try:
            before = _unsettled(file.path)
            if before is not None:
                return before
            version = _version(file)
            known = self._outcomes.known_photo(version, self._profile_id, level)
            if known is not None:
                return Known(version, known)
            finding = self._analyse(AnalysisRequest(file.path, version, level), cancel)
            return _changed_since(file.path, version) or finding
        except (PhotoMissing, FileNotFoundError, NotADirectoryError):
            return Vanished(folder_offline=not root.is_dir())
        except EngineError as error:
            return Failed(error)
        except OSError as error:
            reason = error.strerror or str(error)
            return Failed(
                PhotoMissing(
                    f"The file cannot be read ({reason}).",
                    operation="reading the photo",
                    path=file.path,
                    hint="Check the drive, then try again.",
                )
            )

    def _outlined(self, request: OutlineRequest, cancel: CancelToken) -> Outline | None:
        worker = self._idle.take_first(cancel)
        try:
            return worker.call(request, path=request.path)
        finally:
            self._idle.give_back(worker)

    def _analyse(self, request: AnalysisRequest, cancel: CancelToken) -> Finding:
        worker = self._idle.take()
        try:
            return worker.call(request, cancel=cancel, path=request.path)
        except PhotoMissing:
            raise
        except WorkerCrashed as error:
            return Failed(error, for_all=error.operation == STARTING)
        except EngineError as error:
            return Failed(error, for_all=error.operation == LOADING)
        finally:
            self._idle.give_back(worker)


_MEMORY_PER_ANALYST_BYTES = 4 << 30
"""Memory of the machine that warrants one more analyst: it has other things to do."""
_MOST_ANALYSTS = 4


def suitable_workers() -> int:
    """Analysts that this computer runs well: one a core, but each needs its share of memory.

    One thread each is worth more than one analyst with several: most of a photo's work is too
    small to be shared, and threads that share it wait for each other when the machine is busy.
    """
    by_memory = memory_bytes() // _MEMORY_PER_ANALYST_BYTES
    return max(1, min(usable_cores(), by_memory, _MOST_ANALYSTS))


def unsettled_span_ns() -> tuple[int, int]:
    """Files modified within this span may still be being written. A time in the future is a
    wrong clock, not a fresh file."""
    now_ns = time.time_ns()
    return now_ns - SETTLE_NS, now_ns


def _unsettled(path: Path) -> Unsettled | None:
    stat = path.stat()
    first, last = unsettled_span_ns()
    return Unsettled(stat.st_size, stat.st_mtime_ns) if first < stat.st_mtime_ns <= last else None


def _version(file: FileRow) -> FileVersion:
    """What the file holds: as it was hashed before if it looks as it did then, else by reading
    all of it."""
    if file.content_hash is not None:
        known = FileVersion(file.content_hash, file.size_bytes, file.mtime_ns)
        if _changed_since(file.path, known) is None:
            return known
    return FileVersion(*fingerprint(file.path))


def _changed_since(path: Path, version: FileVersion) -> Unsettled | None:
    stat = path.stat()
    if (stat.st_size, stat.st_mtime_ns) == (version.size_bytes, version.mtime_ns):
        return None
    return Unsettled(stat.st_size, stat.st_mtime_ns)

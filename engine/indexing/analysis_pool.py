"""A pool that analyses files: checks and hashes in threads, decodes and runs models in workers."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.decode.metadata.name_dates import with_guess
from engine.decode.metadata.sidecars import read_sidecars
from engine.decode.reader import fingerprint
from engine.errors import (
    Cancelled,
    EngineError,
    PhotoMissing,
    WorkerCrashed,
    WorkerUnavailable,
)
from engine.indexing.analysis import (
    LOADING,
    AnalysisRequest,
    MetadataRequest,
    Outline,
    OutlineRequest,
)
from engine.indexing.analysis_workers import AnalysisWorker
from engine.indexing.idle_workers import IdleWorkers
from engine.jobs import CancelToken
from engine.jobs.worker_process import POLL_S, STARTING
from engine.profiles.profile import Profile
from engine.records import BoxXyxy, Photo, PhotoId, PhotoMetadata
from engine.store.rows import AnalysedPhoto, FileRow, FileVersion, IndexLevel
from engine.store.store import ResultWriter

SETTLE_NS = 2_000_000_000
"""A file modified more recently than this may still be being written; nanoseconds."""


@dataclass(frozen=True, slots=True)
class Known:
    """The file's content is in the store already."""

    version: FileVersion
    photo_id: PhotoId


@dataclass(frozen=True, slots=True)
class Unsettled:
    """The file is being written, or was modified a moment ago. Size and time are those of now."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Vanished:
    """The file does not exist; ``folder_offline``: nor does its watched folder, or it is empty.
    Otherwise only a scan tells what became of the file."""

    folder_offline: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """The file cannot be indexed; ``affects_all_files``: nor could any other, the models fail."""

    error: EngineError
    affects_all_files: bool = False


Finding = AnalysedPhoto | Known | Unsettled | Vanished | Failed


class AnalysisPool:
    """Analyses several files at a time.

    ``analyse`` is called in the index lane; ``outline`` and ``close`` in any thread. The threads
    live as long as the pool. Worker processes start with the first unknown photo.

    Args:
        results: tells which contents are in the store already.
        workers: each with its own models; the pool closes them.

    Attributes:
        workers: number of workers.
        capacity: number of files that may be in progress at once.
        coarse_pass: whether the profile has a coarse pass.
    """

    def __init__(
        self,
        profile: Profile,
        profile_id: int,
        results: ResultWriter,
        workers: Sequence[AnalysisWorker],
    ) -> None:
        self.workers = len(workers)
        self.coarse_pass = profile.coarse_longest_px > 0
        self._profile_id = profile_id
        self._results = results
        self._workers = workers
        self._idle = IdleWorkers(workers)
        # Twice as many threads as workers: the next file is hashed while this one is analysed.
        self.capacity = 2 * self.workers
        # One more, so that an outline waits for a worker, but never for a thread.
        self._threads = ThreadPoolExecutor(self.capacity + 1, thread_name_prefix="pickout-analysis")
        self._closed = threading.Event()

    def analyse(
        self, file: FileRow, level: IndexLevel, root: Path, cancel: CancelToken
    ) -> Future[Finding]:
        """Start to analyse a file below the watched folder ``root``.

        The future raises Cancelled, or an unexpected exception. Every expected failure is a
        finding.
        """
        return self._threads.submit(self._examine, file, level, root, cancel)

    def read_metadata(
        self, file: FileRow, root: Path, cancel: CancelToken
    ) -> Future[PhotoMetadata | Vanished | Failed]:
        """Start to read what a file below the watched folder ``root``, those beside it and its
        name say. Its pixels are not decoded and no models are loaded.

        The future raises as that of ``analyse``.
        """
        return self._threads.submit(self._read_metadata, file, root, cancel)

    def outline(self, photo: Photo, box: BoxXyxy, cancel: CancelToken) -> Outline | None:
        """Outline the object in a box, ahead of the photos that wait.

        Blocks at most for the photo in progress and the outline. A cancelled call returns at once
        while the worker finishes: killing it would make the index load all models again, which
        takes longer.

        Args:
            box: in pixels of the upright photo.

        Returns:
            None if the proposer takes no prompts, if no mask fits the box, or if the pool was
            closed.

        Raises:
            Cancelled: ``cancel`` was set.
            PhotoMissing, PhotoUnreadable, ModelMissing, WorkerCrashed, ...: see ``engine.errors``.
        """
        cancel.raise_if_set()
        request = OutlineRequest(photo.path, photo.size_wh, box)
        try:
            future = self._threads.submit(self._run_outline, request, cancel)
            while not wait([future], POLL_S).done:
                cancel.raise_if_set()
            return future.result()
        except (Cancelled, CancelledError, RuntimeError):  # a closed pool raises any of these
            cancel.raise_if_set()
            if self._closed.is_set():
                return None
            raise

    def close(self) -> None:
        """End the worker processes and the threads."""
        self._closed.set()
        for worker in self._workers:
            worker.close()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _examine(
        self, file: FileRow, level: IndexLevel, root: Path, cancel: CancelToken
    ) -> Finding:
        cancel.raise_if_set()
        try:
            unsettled = _unsettled(file.path)
            if unsettled is not None:
                return unsettled
            version = _version(file)
            known = self._results.known_photo(version, self._profile_id, level)
            if known is not None:
                return Known(version, known)
            request = AnalysisRequest(file.path, version, level, read_sidecars(file.path))
            finding = self._on_a_worker(request, cancel)
            if isinstance(finding, AnalysedPhoto):
                metadata = with_guess(finding.metadata, file.path.relative_to(root.parent))
                finding = replace(finding, metadata=metadata)
            return _changed_since(file.path, version) or finding
        except (PhotoMissing, FileNotFoundError, NotADirectoryError):
            return Vanished(folder_offline=not _holds_anything(root))
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

    def _read_metadata(
        self, file: FileRow, root: Path, cancel: CancelToken
    ) -> PhotoMetadata | Vanished | Failed:
        cancel.raise_if_set()
        request = MetadataRequest(file.path, read_sidecars(file.path))
        try:
            found = self._on_a_worker(request, cancel)
        except PhotoMissing:
            return Vanished(folder_offline=not root.is_dir())
        if isinstance(found, PhotoMetadata):
            return with_guess(found, file.path.relative_to(root.parent))
        return found

    def _run_outline(self, request: OutlineRequest, cancel: CancelToken) -> Outline | None:
        worker = self._idle.acquire_with_priority(cancel)
        try:
            return worker.call(request, path=request.path)
        finally:
            self._idle.release(worker)

    def _on_a_worker(self, request: AnalysisRequest | MetadataRequest, cancel: CancelToken) -> Any:
        """The answer of a worker; ``Failed`` if it cannot give one."""
        while True:
            worker = self._idle.acquire()
            try:
                return self._call(worker, request, cancel)
            except WorkerUnavailable as error:
                if not self._idle.retire(worker):
                    return Failed(error, affects_all_files=True)
            finally:
                self._idle.release(worker)

    def _call(
        self,
        worker: AnalysisWorker,
        request: AnalysisRequest | MetadataRequest,
        cancel: CancelToken,
    ) -> Any:
        try:
            return worker.call(request, cancel=cancel, path=request.path)
        except (PhotoMissing, WorkerUnavailable):
            raise
        except WorkerCrashed as error:
            return Failed(error, affects_all_files=error.operation == STARTING)
        except EngineError as error:
            return Failed(error, affects_all_files=error.operation == LOADING)


def unsettled_span_ns() -> tuple[int, int]:
    """Modification times (ns, from and to) of files that may still be being written.

    A time in the future means a wrong clock, not a recent file.
    """
    now_ns = time.time_ns()
    return now_ns - SETTLE_NS, now_ns


def _holds_anything(root: Path) -> bool:
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def _unsettled(path: Path) -> Unsettled | None:
    """A finding if the file was modified a moment ago; else None."""
    stat = path.stat()
    first, last = unsettled_span_ns()
    return Unsettled(stat.st_size, stat.st_mtime_ns) if first < stat.st_mtime_ns <= last else None


def _version(file: FileRow) -> FileVersion:
    """The file's hash, size and time: those stored if size and time are unchanged, else read
    from the whole file."""
    if file.content_hash is not None:
        known = FileVersion(file.content_hash, file.size_bytes, file.mtime_ns)
        if _changed_since(file.path, known) is None:
            return known
    return FileVersion(*fingerprint(file.path))


def _changed_since(path: Path, version: FileVersion) -> Unsettled | None:
    """A finding if the file's size or time differs from ``version``; else None."""
    stat = path.stat()
    if (stat.st_size, stat.st_mtime_ns) == (version.size_bytes, version.mtime_ns):
        return None
    return Unsettled(stat.st_size, stat.st_mtime_ns)

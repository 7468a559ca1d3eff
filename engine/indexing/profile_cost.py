"""Estimates what a change of the profile costs, from earlier runs or a trial on a few photos."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from engine.decode.reader import fingerprint
from engine.errors import EngineError
from engine.indexing.analysis import LOADING, AnalysisRequest, handler_factory
from engine.indexing.analysis_workers import photo_time_limit_s, worker_count
from engine.jobs import JobContext, Progress
from engine.jobs.machine import usable_cores
from engine.jobs.worker_process import STARTING, WorkerProcess
from engine.profiles.profile import Profile
from engine.records import ProfileCost
from engine.settings import Settings
from engine.store.rows import FileRow, FileVersion, IndexLevel
from engine.store.store import Store

TRIAL_PHOTOS = 3
"""Photos analysed in a trial; the first one is not timed, because the models load with it."""
_ROW_BYTES = 120
"""Size of a region's row in the database, without vector and mask."""
_INDEX_ROW_BYTES = 160
"""Size of a vector's entry in the index, without its numbers: key and graph neighbours."""


@dataclass(frozen=True, slots=True)
class _Measurement:
    """Photos a second, and bytes and regions of a photo; None if unknown."""

    per_second: float | None
    photo_bytes: float | None = None
    regions: float | None = None


def estimate(
    store: Store,
    root: Path,
    profile: Profile,
    active_profile_id: int,
    settings: Settings,
    context: JobContext,
) -> ProfileCost:
    """Estimate time and disk space of indexing the library with another profile. Any thread.

    If the rate is not known from an earlier run, a few photos are analysed in a worker process of
    its own, which takes as long as loading the models. Their data are not stored.

    Args:
        root: the library's folder.
        active_profile_id: its regions per photo are used if nothing else is known.

    Raises:
        Cancelled: by the caller.
        ModelMissing, ModelBroken, WorkerCrashed: the models cannot be used at all.
    """
    profile_id = store.profile_id(profile.key, profile.ndim, profile.name)
    waiting = store.counts.waiting(profile_id)
    photos = waiting.pending + waiting.lacking + waiting.coarse
    workers = worker_count(profile, settings)
    throughput = store.counts.throughput(profile_id)
    own = store.profiles.photo_bytes(profile_id)
    per_second = throughput.get(IndexLevel.FULL)
    trial = _Measurement(None)
    if photos and per_second is None:
        trial = _trial(store, profile, profile_id, workers, settings, context)
        per_second = trial.per_second
    if own is not None:
        photo_bytes, regions = own
    elif trial.photo_bytes is not None and trial.regions is not None:
        photo_bytes, regions = trial.photo_bytes, trial.regions
    else:
        active = store.profiles.photo_bytes(active_profile_id)
        regions = active[1] if active else 1.0
        photo_bytes = (active[0] if active else 0.0) + 2 * profile.ndim * regions
    index_bytes = regions * (2 * profile.ndim + _INDEX_ROW_BYTES)
    seconds = photos / per_second if per_second else (None if photos else 0.0)
    coarse_per_second = throughput.get(IndexLevel.COARSE)
    if seconds is not None and coarse_per_second:
        seconds += (photos - waiting.coarse) / coarse_per_second
    return ProfileCost(
        profile=profile.name,
        photos=photos,
        per_second=per_second,
        tried=trial.per_second is not None,
        seconds=seconds,
        disk_bytes=round(photos * (photo_bytes + index_bytes)),
        free_bytes=shutil.disk_usage(root).free,
    )


def _trial(
    store: Store,
    profile: Profile,
    profile_id: int,
    workers: int,
    settings: Settings,
    context: JobContext,
) -> _Measurement:
    """Analyse some photos in one worker process; the rate is multiplied by ``workers``."""
    limit = 2 * TRIAL_PHOTOS
    files = [*store.files.lacking(profile_id, limit), *store.files.pending(limit)]
    times_s: list[float] = []
    sizes: list[tuple[int, int]] = []
    worker = WorkerProcess(
        "photo analyst",
        handler_factory(profile),
        time_limit_s=photo_time_limit_s(profile, settings),
        threads=max(1, usable_cores() // workers),
        background=True,
    )
    try:
        for file in files:
            if len(sizes) == TRIAL_PHOTOS:
                break
            context.report(Progress("Trying the models", len(sizes), TRIAL_PHOTOS))
            started_s = time.perf_counter()
            try:
                analysed = worker.call(
                    AnalysisRequest(file.path, _version(file)),
                    cancel=context.cancel,
                    path=file.path,
                )
            except OSError:
                continue
            except EngineError as error:
                if error.operation in (LOADING, STARTING):
                    raise
                continue  # this photo cannot be used
            times_s.append(time.perf_counter() - started_s)
            rows = len(analysed.vectors)
            masks_bytes = sum(len(rle.counts) for rle in analysed.rles)
            sizes.append((analysed.vectors.nbytes + masks_bytes + rows * _ROW_BYTES, rows))
    finally:
        worker.close()
    if not sizes:
        return _Measurement(None)
    timed_s = times_s[1:] or times_s
    return _Measurement(
        per_second=workers * len(timed_s) / sum(timed_s),
        photo_bytes=sum(size for size, _ in sizes) / len(sizes),
        regions=sum(rows for _, rows in sizes) / len(sizes),
    )


def _version(file: FileRow) -> FileVersion:
    return FileVersion(*fingerprint(file.path))

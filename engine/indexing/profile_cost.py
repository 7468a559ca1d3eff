"""What a change to other models will cost: from earlier runs, or from a trial on a few photos."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from engine.decode.reader import fingerprint
from engine.errors import EngineError
from engine.indexing.analysis import LOADING, AnalysisRequest, serving
from engine.indexing.analysis_pool import suitable_workers, usable_cores
from engine.jobs import JobContext, Progress
from engine.jobs.worker_process import WorkerProcess
from engine.profiles.profile import Profile
from engine.records import ProfileCost
from engine.settings import Settings
from engine.store.rows import FileRow, FileVersion, IndexLevel
from engine.store.store import Store

TRIAL_PHOTOS = 3
"""Photos looked at for a trial; the first one is not timed, the models load with it."""
_ROW_BYTES = 120
_INDEX_ROW_BYTES = 160
"""What a vector takes in the index beside its numbers: key, and neighbours in the graph."""


@dataclass(frozen=True, slots=True)
class _Pace:
    """Photos a second, and the bytes and regions of one; None where nobody knows."""

    per_second: float | None
    photo_bytes: float | None = None
    regions: float | None = None


def estimate(
    store: Store,
    root: Path,
    profile: Profile,
    answering_id: int,
    settings: Settings,
    context: JobContext,
) -> ProfileCost:
    """May look at a few photos in a child process of its own, which takes as long as loading the
    models; nothing of that is kept. Any thread.

    Args:
        root: the library's folder.
        answering_id: the profile whose regions tell how many a photo has, if nothing else does.

    Raises:
        Cancelled: by the caller.
        ModelMissing, ModelBroken, WorkerCrashed: the models cannot be used at all.
    """
    profile_id = store.profile_id(profile.key, profile.ndim, profile.name)
    waiting = store.counts.waiting(profile_id)
    photos = waiting.pending + waiting.lacking + waiting.coarse
    workers = settings.workers or suitable_workers()
    workers = min(workers, profile.most_workers or workers)
    paces = store.counts.throughput(profile_id)
    own = store.profiles.photo_bytes(profile_id)
    per_second = paces.get(IndexLevel.FULL)
    trial = _Pace(None)
    if photos and per_second is None:
        trial = _trial(store, profile, profile_id, workers, settings, context)
        per_second = trial.per_second
    if own is not None:
        photo_bytes, regions = own
    elif trial.photo_bytes is not None and trial.regions is not None:
        photo_bytes, regions = trial.photo_bytes, trial.regions
    else:
        like = store.profiles.photo_bytes(answering_id)
        regions = like[1] if like else 1.0
        photo_bytes = (like[0] if like else 0.0) + 2 * profile.ndim * regions
    index_bytes = regions * (2 * profile.ndim + _INDEX_ROW_BYTES)
    seconds = photos / per_second if per_second else (None if photos else 0.0)
    coarse_pace = paces.get(IndexLevel.COARSE)
    if seconds is not None and coarse_pace:
        seconds += (photos - waiting.coarse) / coarse_pace
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
) -> _Pace:
    """Look at some photos as an analyst would; several of them are that many times as fast."""
    some = 2 * TRIAL_PHOTOS
    files = [*store.files.lacking(profile_id, some), *store.files.pending(some)]
    times_s: list[float] = []
    sizes: list[tuple[int, int]] = []
    worker = WorkerProcess(
        "photo analyst",
        serving(profile),
        time_limit_s=max(settings.photo_time_limit_s, profile.least_time_limit_s),
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
                found = worker.call(
                    AnalysisRequest(file.path, _version(file)),
                    cancel=context.cancel,
                    path=file.path,
                )
            except OSError:
                continue
            except EngineError as error:
                if error.operation in (LOADING, "starting a worker"):
                    raise
                continue  # this photo says nothing
            times_s.append(time.perf_counter() - started_s)
            rows = len(found.vectors)
            masks_bytes = sum(len(rle.counts) for rle in found.rles)
            sizes.append((found.vectors.nbytes + masks_bytes + rows * _ROW_BYTES, rows))
    finally:
        worker.close()
    if not sizes:
        return _Pace(None)
    timed_s = times_s[1:] or times_s
    return _Pace(
        per_second=workers * len(timed_s) / sum(timed_s),
        photo_bytes=sum(size for size, _ in sizes) / len(sizes),
        regions=sum(rows for _, rows in sizes) / len(sizes),
    )


def _version(file: FileRow) -> FileVersion:
    return FileVersion(*fingerprint(file.path))

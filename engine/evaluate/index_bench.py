"""How fast photos are indexed, and how much memory that takes."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from pathlib import Path

from engine import paths
from engine.errors import BadRequest
from engine.evaluate.bench import BenchRequest, BenchResult
from engine.evaluate.judged_search import Watcher
from engine.jobs import Job
from engine.library import Library

_POLL_S = 0.02


def measure(request: BenchRequest, watcher: Watcher) -> BenchResult:
    """Index a folder into a temporary library.

    Raises:
        BadRequest: no photo of the folder could be indexed.
    """
    folder = request.folder or paths.resources_dir() / "samples"
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary:
        library = Library.open(Path(temporary, "library"), profile=request.profile)
        with contextlib.closing(library):
            library.add_folder(folder)
            started_s = time.perf_counter()
            first = _until_done(library.index(), watcher)
            ended_s = time.perf_counter()
            status = library.status()
    # Children are counted once they have ended, which closing the library waited for.
    parent_mb, child_mb = _peak_mb()
    photos = status.searchable
    if not photos:
        raise BadRequest(
            "No photo of this folder could be indexed.",
            operation="measuring indexing",
            path=folder,
            hint="Give a folder with photos: --folder DIR.",
        )
    took_s = ended_s - started_s
    steady = None
    if first is not None and photos > first[1]:
        steady = (photos - first[1]) / (ended_s - first[0])
    figures = {
        "bench": "index",
        "profile": status.profile,
        "photos": photos,
        "problems": status.problems,
        "regions": status.regions,
        "seconds": took_s,
        "photos_per_s": photos / took_s,
        "photos_per_s_after_first": steady,
        "peak_rss_mb_parent": parent_mb,
        "peak_rss_mb_largest_child": child_mb,
    }
    lines = [
        f"{photos:,} photos, {status.regions:,} things, {took_s:.1f} s; "
        f"{status.problems} files could not be indexed",
        f"{photos / took_s:.2f} photos a second, loading the models included",
    ]
    if steady is not None:
        lines.append(f"{steady:.2f} photos a second after the first")
    if parent_mb is not None:
        lines.append(
            f"peak memory: {parent_mb:.0f} MB here + {child_mb:.0f} MB in the largest child process"
        )
    return BenchResult(tuple(lines), figures)


def _until_done(job: Job, watcher: Watcher) -> tuple[float, int] | None:
    """Wait; the moment at which photos were first seen to be done, and how many were."""
    first = None
    while not job.ended:
        progress = job.progress
        if first is None and progress.done > 0:
            first = (time.perf_counter(), progress.done)
        watcher.report(progress)
        time.sleep(_POLL_S)
    job.result()
    return first


def _peak_mb() -> tuple[float | None, float | None]:
    """Peak resident memory of this process and of its largest ended child; None on Windows."""
    try:
        import resource
    except ImportError:
        return None, None
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    peaks = [
        resource.getrusage(who).ru_maxrss * unit / 2**20
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return peaks[0], peaks[1]

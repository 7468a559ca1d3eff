"""Throughput of the coarse and the full pass, and peak memory while indexing."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.benchmarks.index_timeline import Timeline, follow
from engine.benchmarks.inputs import synthetic_photos
from engine.benchmarks.process_memory import PeakMemory
from engine.errors import BadRequest
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Progress
from engine.library import Library
from engine.records import LibraryStatus

PHOTOS = 48


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Index a folder, or generated photos, into a temporary library.

    Raises:
        BadRequest: no photo of the folder could be indexed.
    """
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary:
        folder = request.folder
        if folder is None:
            folder = Path(temporary, "photos")
            listener.report(Progress("Making photos"))
            synthetic_photos.write_camera_like_photos(folder, request.photos or PHOTOS)
        with PeakMemory() as memory:
            library = Library.open(Path(temporary, "library"), profile=request.profile)
            with contextlib.closing(library):
                library.folders.add(folder)
                timeline = follow(library, library.indexing.start(), listener)
                status = library.status()
        photos = status.outlined
        if not photos:
            raise BadRequest(
                "No photo of this folder could be indexed.",
                operation="measuring indexing",
                path=folder,
                hint="Give a folder with photos: --folder DIR.",
            )
        large, size_mb = _sizes(folder) if request.folder is None else (None, None)
    return _result(status, timeline, memory.peak_bytes, large, size_mb)


def _sizes(folder: Path) -> tuple[int, float]:
    """Number of large photos among the generated ones, and their mean file size in megabytes."""
    sizes = [path.stat().st_size for path in folder.glob(f"{synthetic_photos.LARGE}*")]
    return len(sizes), sum(sizes) / len(sizes) / 1e6


def _result(
    status: LibraryStatus,
    timeline: Timeline,
    peak_bytes: int | None,
    large: int | None,
    size_mb: float | None,
) -> BenchResult:
    photos, took_s = status.outlined, timeline.seconds
    coarse = timeline.per_second(timeline.searchable) if timeline.coarse else None
    full = timeline.per_second(timeline.outlined)
    figures = {
        "bench": "index",
        "profile": status.profile,
        "photos": photos,
        "large_photos": large,
        "problems": status.problems,
        "regions": status.regions,
        "seconds": took_s,
        "photos_per_s": photos / took_s,
        "coarse_photos_per_s": coarse,
        "full_photos_per_s": full,
        "all_searchable_after_s": timeline.searchable[-1][0],
        "peak_rss_mb": None if peak_bytes is None else peak_bytes / 2**20,
    }
    summary = (
        f"{photos:,} photos, {status.regions:,} things, {took_s:.1f} s, loading the models "
        f"included; {status.problems} files could not be indexed"
    )
    lines = [summary]
    if large is not None:
        lines.append(f"{large} of the photos have 12 megapixels ({size_mb:.1f} MB each)")
    if coarse is not None:
        lines.append(f"coarse: {coarse:.2f} photos a second become searchable")
    else:
        lines.append("coarse: no such pass for so few photos, or with this profile")
    lines.append(f"all searchable after {timeline.searchable[-1][0]:.1f} s")
    if full is not None:
        lines.append(f"full: {full:.2f} photos a second are outlined")
    else:
        lines.append(
            f"full: too short a pass to tell; {photos / took_s:.2f} photos a second in all"
        )
    if peak_bytes is not None:
        lines.append(f"peak memory of all processes together: {peak_bytes / 2**20:,.0f} MB")
    return BenchResult(tuple(lines), figures)

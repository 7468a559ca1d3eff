"""How much faster two actors of a local Ray index photos than one, with one thread each."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import settings as settings_file
from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.benchmarks.index_timeline import Timeline, follow
from engine.benchmarks.inputs import synthetic_photos
from engine.errors import BadRequest
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Progress
from engine.jobs.machine import usable_cores
from engine.jobs.ray_cluster import LOCAL, RayCluster
from engine.library import Library
from engine.settings import Settings

PHOTOS = 48
_WORKERS = (1, 2)
_FEWEST = 8
"""Photos below which a pass ends before its rate is known."""


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Index generated photos, or a folder, with one actor and then with two.

    Raises:
        BadRequest: too few photos could be indexed.
        RayUnavailable: see ``RayCluster.open``.
    """
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary, _one_thread():
        folder = request.folder
        if folder is None:
            folder = Path(temporary, "photos")
            listener.report(Progress("Making photos"))
            synthetic_photos.write_camera_like_photos(folder, request.photos or PHOTOS)
        with contextlib.closing(RayCluster.open(LOCAL)) as ray:
            one, two = (
                _index(Path(temporary, str(workers)), folder, workers, ray, request, listener)
                for workers in _WORKERS
            )
    rates = [timeline.per_second(timeline.outlined) for timeline in (one, two)]
    photos = two.outlined[-1][1] if two.outlined else 0
    if rates[0] is None or rates[1] is None or photos < _FEWEST:
        raise BadRequest(
            f"Only {photos} photos could be indexed, which is too few to measure.",
            operation="measuring Ray",
            path=folder,
            hint=f"Give a folder with more: --folder DIR, or --photos N of at least {_FEWEST}.",
        )
    ratio = rates[1] / rates[0]
    figures: dict[str, Any] = {
        "bench": "ray",
        "photos": photos,
        "cores": usable_cores(),
        "photos_per_s": rates,
        "seconds": [one.seconds, two.seconds],
        "ratio": ratio,
    }
    lines = (
        f"{photos:,} photos on {usable_cores()} cores, full pass, one thread for each actor",
        f"one actor: {rates[0]:.2f} photos a second; two actors: {rates[1]:.2f}",
        f"two actors to one: {ratio:.2f}",
    )
    return BenchResult(lines, figures)


def _index(
    root: Path,
    folder: Path,
    workers: int,
    ray: RayCluster,
    request: BenchRequest,
    listener: ProgressListener,
) -> Timeline:
    root.mkdir()
    settings_file.save(root / "settings.json", Settings(workers=workers))
    with contextlib.closing(Library.open(root, profile=request.profile, ray=ray)) as library:
        library.folders.add(folder)
        return follow(library, library.indexing.start(), listener)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Actors that start meanwhile use one thread, whatever share of the machine they have."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before

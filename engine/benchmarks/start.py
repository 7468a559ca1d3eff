"""Seconds from the start of a process to its window and to its first hits."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.benchmarks.event_loop import last_object
from engine.benchmarks.inputs import grown_library
from engine.errors import WorkerCrashed
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Progress
from engine.library import Library
from engine.profiles.profile import Profile

PHOTOS = 5000
SMALL = 24
"""Photos of the library that the other one is compared with."""
RUNS = 5
_QUERY = "dog"
_LIMIT_S = 900
_PROJECT = Path(__file__).resolve().parents[2]
_DROP_CACHES = Path("/proc/sys/vm/drop_caches")
_WINDOW_MODULE = "desktop_app.start_benchmark"


def measure(request: BenchRequest, listener: ProgressListener, runs: int = RUNS) -> BenchResult:
    """Start the window and the command line ``runs`` times each on a library, and on one of 24
    photos in turn with it.

    Cold means that the system's page cache was emptied before, which Linux lets root do.

    Raises:
        WorkerCrashed: a process failed or took too long.
    """
    with _libraries(request, listener) as (large, small):
        with contextlib.closing(Library.open(large, read_only=True)) as library:
            status = library.status()
        figures: dict[str, Any] = {
            "bench": "start",
            "photos": status.searchable,
            "regions": status.regions,
            "runs": runs,
        }
        caches = ("warm", "cold") if os.access(_DROP_CACHES, os.W_OK) else ("warm",)
        for cache in caches:
            found: dict[str, list[float]] = {}
            for done in range(runs):
                for name, root in (("", large), ("small_", small)):
                    listener.report(Progress(f"Starting, {cache}", done, runs))
                    for part, seconds in _once(root, cold=cache == "cold").items():
                        found.setdefault(f"{name}{part}", []).append(seconds)
            figures[cache] = {part: float(np.median(times)) for part, times in found.items()}
    return BenchResult(tuple(_lines(figures, caches)), figures)


def _lines(figures: dict[str, Any], caches: tuple[str, ...]) -> Iterator[str]:
    yield (
        f"{figures['photos']:,} photos, {figures['regions']:,} things; medians of "
        f"{figures['runs']} starts, and how many times those of {SMALL} photos they are"
    )
    for cache in caches:
        medians = figures[cache]
        yield f"page cache {cache}:"
        for part in (part for part in medians if not part.startswith("small_")):
            ratio = medians[part] / medians[f"small_{part}"]
            yield f"  {part.replace('_', ' ')}: {medians[part]:.2f} s, {ratio:.2f} times"
    if "cold" not in caches:
        yield "page cache cold: not measured, it cannot be emptied here"


def _once(root: Path, *, cold: bool) -> dict[str, float]:
    """Seconds of one start of each process."""
    found: dict[str, float] = {}
    if importlib.util.find_spec("PySide6") is not None:
        _prepare(cold)
        command = [sys.executable, "-m", _WINDOW_MODULE, "--library", str(root)]
        command += ["--query", _QUERY, "--began", str(time.time())]
        seconds = last_object(_run(command))
        if seconds is None or "hits" not in seconds:
            raise _failed("the window showed no hits")
        found |= {"window_shown": seconds["window"], "window_hits": seconds["hits"]}
    _prepare(cold)
    began_s = time.perf_counter()
    _run([sys.executable, "-m", "engine.cli", "--library", str(root), "search", _QUERY])
    return found | {"command_line_hits": time.perf_counter() - began_s}


def _prepare(cold: bool) -> None:
    if cold:
        os.sync()
        _DROP_CACHES.write_text("3")


def _run(command: list[str]) -> str:
    """What the process printed."""
    try:
        ended = subprocess.run(
            command, cwd=_PROJECT, capture_output=True, text=True, timeout=_LIMIT_S
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(f"it took longer than {_LIMIT_S} s") from error
    if ended.returncode != 0:
        last_lines = (ended.stderr or ended.stdout).strip().splitlines()[-3:]
        raise _failed(f"exit status {ended.returncode}: {' / '.join(last_lines)}")
    return ended.stdout


def _failed(why: str) -> WorkerCrashed:
    return WorkerCrashed(f"The start failed: {why}.", operation="measuring the start")


@contextlib.contextmanager
def _libraries(request: BenchRequest, listener: ProgressListener) -> Iterator[tuple[Path, Path]]:
    """The requested library, or a made one, and one of 24 photos."""
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary:
        small = _made(Path(temporary, "small"), SMALL, request.profile, listener)
        large = request.library
        if large is None:
            photos = request.photos or PHOTOS
            large = _made(Path(temporary, "large"), photos, request.profile, listener)
        yield large, small


def _made(root: Path, photos: int, profile: Profile | None, listener: ProgressListener) -> Path:
    grown_library.make(root, photos, profile, listener)
    return root / "library"

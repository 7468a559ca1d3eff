"""Duration of a query, from its text to all hits with verdicts."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.benchmarks import synthetic_photos
from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.errors import BadRequest, LibraryInUse
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Progress
from engine.library import Library
from engine.records import SearchRequest

_KINDS = ("red", "small", "old", "wooden", "round", "shiny")
_THINGS = ("cat", "dog", "car", "chair", "cup", "bicycle", "boat", "tree", "book", "clock")
PHOTOS = 24
QUERIES = tuple(f"a {kind} {thing}" for kind in _KINDS for thing in _THINGS)


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Search for 60 different texts, one after the other.

    The first query loads the text encoder and is reported separately.

    Raises:
        BadRequest: the library has no searchable photo.
    """
    with _library(request, listener) as library:
        status = library.status()
        if not status.searchable:
            raise BadRequest(
                "The library holds no indexed photo to search.",
                operation="measuring queries",
                path=request.library,
                hint="Index it first, or leave --library out.",
            )
        cold_ms = _query_ms(library, "anything at all", listener)
        warm_ms = []
        for done, text in enumerate(QUERIES):
            listener.report(Progress("Asking", done, len(QUERIES), current=text))
            warm_ms.append(_query_ms(library, text, listener))
    p50, p95 = (float(np.percentile(warm_ms, share)) for share in (50, 95))
    figures = {
        "bench": "query",
        "profile": status.profile,
        "photos": status.searchable,
        "regions": status.regions,
        "queries": len(QUERIES),
        "cold_ms": cold_ms,
        "p50_ms": p50,
        "p95_ms": p95,
        "max_ms": max(warm_ms),
    }
    lines = (
        f"{len(QUERIES)} different texts, {status.searchable:,} photos, {status.regions:,} things",
        f"p50 {p50:.1f} ms   p95 {p95:.1f} ms   slowest {max(warm_ms):.1f} ms",
        f"first query, which loads the text encoder: {cold_ms:.0f} ms",
    )
    return BenchResult(lines, figures)


def _query_ms(library: Library, text: str, listener: ProgressListener) -> float:
    """Milliseconds until the result is complete."""
    started_s = time.perf_counter()
    listener.follow(library.search.start(SearchRequest(text=text)))
    return (time.perf_counter() - started_s) * 1000


@contextlib.contextmanager
def _library(request: BenchRequest, listener: ProgressListener) -> Iterator[Library]:
    """The requested library, or a temporary one with generated photos; closed at the end."""
    if request.library is not None:
        try:
            library = Library.open(request.library, profile=request.profile)
        except LibraryInUse:
            library = Library.open(request.library, profile=request.profile, read_only=True)
        with contextlib.closing(library):
            yield library
        return
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary:
        synthetic_photos.write_shapes(Path(temporary, "photos"), request.photos or PHOTOS)
        library = Library.open(Path(temporary, "library"), profile=request.profile)
        with contextlib.closing(library):
            library.folders.add(Path(temporary, "photos"))
            listener.follow(library.indexing.start())
            yield library

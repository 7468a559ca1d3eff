"""Duration of a query, from its text to all hits with verdicts."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.benchmarks.inputs import grown_library
from engine.benchmarks.process_memory import PeakMemory
from engine.errors import BadRequest, LibraryInUse
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Progress
from engine.library import Library
from engine.records import SearchRequest

_KINDS = ("red", "small", "old", "wooden", "round", "shiny")
_THINGS = ("cat", "dog", "car", "chair", "cup", "bicycle", "boat", "tree", "book", "clock")
PHOTOS = 24
_FIRST_PARTIAL_QUERIES = 10
_POLL_S = 0.0005
QUERIES = tuple(f"a {kind} {thing}" for kind in _KINDS for thing in _THINGS)
_TRIPLES = (
    ("dog", "ball", "person"), ("bird", "bench", "hat"), ("horse", "fence", "river"),
    ("lamp", "table", "bottle"), ("truck", "bridge", "bus"), ("kite", "flag", "umbrella"),
    ("sheep", "house", "flower"), ("pizza", "spoon", "plate"), ("guitar", "sofa", "window"),
)  # fmt: skip
PLANS = {
    1: tuple(first for first, _, _ in _TRIPLES),
    3: tuple(f"{first} and {second} and {third}" for first, second, third in _TRIPLES),
    5: tuple(
        f"a large {first} on the left next to a {second} and a {third} type:jpeg"
        for first, second, third in _TRIPLES
    ),
}
"""Texts by the number of parts of their plans: five are three things, of which the first has a
place, a relation and a filter that keeps the generated photos."""


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Search for 60 different texts, one after the other, then for plans of one, three and five
    parts.

    The first query loads the text encoder and is reported separately. The first partial result is
    what people see of a search with a language model, before that begins.

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
        with PeakMemory() as memory:
            cold_ms = query_ms(library, "anything at all", listener)
            warm_ms = []
            for done, text in enumerate(QUERIES):
                listener.report(Progress("Asking", done, len(QUERIES), current=text))
                warm_ms.append(query_ms(library, text, listener))
            plans_ms = _plans_ms(library, listener)
            first_ms = _first_partial_ms(library)
        store_bytes, index_bytes = _disk_bytes(library)
    p50, p95 = (float(np.percentile(warm_ms, share)) for share in (50, 95))
    things = max(status.regions, 1)
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
        "first_partial_ms": first_ms,
        "plans_ms": plans_ms,
        "plans_ratio": {parts: ms / plans_ms[1] for parts, ms in plans_ms.items()},
        "peak_bytes": memory.peak_bytes,
        "store_bytes_a_region": store_bytes / things,
        "index_bytes_a_region": index_bytes / things,
    }
    lines = (
        f"{len(QUERIES)} different texts, {status.searchable:,} photos, {status.regions:,} things",
        f"p50 {p50:.1f} ms   p95 {p95:.1f} ms   slowest {max(warm_ms):.1f} ms",
        f"first partial result: {first_ms:.1f} ms",
        f"first query, which loads the text encoder: {cold_ms:.0f} ms",
        *(
            f"plan of {parts} part{'s' * (parts > 1)}: median {ms:.1f} ms, "
            f"{ms / plans_ms[1]:.2f} times that of one word"
            for parts, ms in plans_ms.items()
        ),
        f"peak memory {(memory.peak_bytes or 0) / 2**20:.0f} MB",
        f"bytes a thing: store {store_bytes / things:.0f}, index {index_bytes / things:.0f}",
    )
    return BenchResult(lines, figures)


def _plans_ms(library: Library, listener: ProgressListener) -> dict[int, float]:
    """Median milliseconds by the number of parts of a plan. The numbers take turns, so that all
    have the same share of whatever else the machine does; every text is new to the library."""
    found: dict[int, list[float]] = {parts: [] for parts in PLANS}
    for texts in zip(*PLANS.values(), strict=True):
        for parts, text in zip(PLANS, texts, strict=True):
            listener.report(Progress("Asking plans", current=text))
            found[parts].append(query_ms(library, text, listener))
    return {parts: float(np.median(times)) for parts, times in found.items()}


def query_ms(library: Library, text: str, listener: ProgressListener) -> float:
    """Milliseconds until the result is complete."""
    started_s = time.perf_counter()
    listener.follow(library.search.start(SearchRequest(text=text)))
    return (time.perf_counter() - started_s) * 1000


def _first_partial_ms(library: Library) -> float:
    """Median milliseconds until a search with a language model shows its first hits."""
    found = []
    for text in QUERIES[:_FIRST_PARTIAL_QUERIES]:
        started_s = time.perf_counter()
        job = library.search.start(SearchRequest(text=f"{text} outside", verify=1))
        while job.partial is None and not job.ended:
            time.sleep(_POLL_S)
        found.append((time.perf_counter() - started_s) * 1000)
        job.cancel()
    return float(np.median(found))


def _disk_bytes(library: Library) -> tuple[int, int]:
    """Bytes of the database and of the active profile's index."""
    index = library.paths.index(library.models.active.key)
    return library.paths.store.stat().st_size, sum(
        path.stat().st_size for path in index.glob("*") if path.is_file()
    )


@contextlib.contextmanager
def _library(request: BenchRequest, listener: ProgressListener) -> Iterator[Library]:
    """The requested library, or a temporary one with the sample photos and copies of them."""
    if request.library is not None:
        try:
            library = Library.open(request.library, profile=request.profile)
        except LibraryInUse:
            library = Library.open(request.library, profile=request.profile, read_only=True)
        with contextlib.closing(library):
            yield library
        return
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary:
        root = Path(temporary, "made")
        grown_library.make(root, request.photos or PHOTOS, request.profile, listener)
        with contextlib.closing(Library.open(root / "library", profile=request.profile)) as library:
            yield library

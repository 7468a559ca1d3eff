"""Searches of a library on a PostgreSQL server against those of the same library in a folder."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.benchmarks.inputs import grown_library
from engine.benchmarks.query import QUERIES, query_ms
from engine.evaluation.annotated_search import ProgressListener
from engine.index.vector_index import VectorIndex
from engine.jobs import Progress
from engine.library import Library
from engine.library.backend import Location, open_backend
from engine.postgres.address import ServerAddress
from engine.postgres.packaged_server import PackagedServer
from engine.postgres.scratch_library import scratch_library
from engine.profiles.profile import Profile
from engine.store.store import Store

PHOTOS = 5600
_WARM = 5
_VECTORS = 50
_HITS = 50
SHARES = (0.01, 0.1, 0.5, 0.9)
"""Shares of all regions that a filter allows."""
_NOISE = 0.3
_NEAR_HITS = 2000
"""As many as a search of the product asks for first."""


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Search both, turn by turn, for the texts of the benchmark ``query``; then compare neighbours
    that the server's index finds, with filters and without, with brute force.

    Raises:
        ServerProblem: no server was given, and none can be started here.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pickout-bench-")))
        server = request.server
        if server is None:
            server = ServerAddress(stack.enter_context(PackagedServer()).uri())
        places: dict[str, Location] = {
            "embedded": folder / "library",
            "server": stack.enter_context(scratch_library(server)),
        }
        made_s = {}
        for name, place in places.items():
            started_s = time.perf_counter()
            photos = request.photos or PHOTOS
            grown_library.make(folder, photos, request.profile, listener, place)
            made_s[name] = time.perf_counter() - started_s
        p50, things, active = _searched(places, request.profile, listener)
        backend = open_backend(places["server"], read_only=True)
        with contextlib.closing(backend.store) as store:
            profile_id = store.profile_id(active.key, active.ndim, active.name)
            index = backend.index(active, profile_id)
            rows = list(_recalls(store, index, active.metric, listener))
    ratio = p50["server"] / p50["embedded"]
    lines = [
        f"{photos:,} photos, {things:,} things",
        *(f"made in {seconds:.0f} s ({name})" for name, seconds in made_s.items()),
        *(f"p50 of {len(QUERIES)} texts: {ms:.1f} ms ({name})" for name, ms in p50.items()),
        f"server to embedded: {ratio:.2f} times",
    ]
    lines += [
        f"{row['allowed']:>9,} regions allowed ({row['share']:.0%}): recall of {_HITS} nearest "
        f"{row['recall']:.4f}, p50 {row['p50_ms']:.1f} ms"
        for row in rows
    ]
    figures = {
        "bench": "postgres",
        "photos": photos,
        "things": things,
        "made_s": made_s,
        "p50_ms": p50,
        "ratio": ratio,
        "filters": rows,
    }
    return BenchResult(tuple(lines), figures)


def _searched(
    places: dict[str, Location], profile: Any, listener: ProgressListener
) -> tuple[dict[str, float], int, Profile]:
    """Median milliseconds of a search in each place, the things there, and the profile."""
    took_ms: dict[str, list[float]] = {name: [] for name in places}
    with contextlib.ExitStack() as stack:
        libraries = {
            name: stack.enter_context(Library.open(place, profile=profile, read_only=True))
            for name, place in places.items()
        }
        for done, text in enumerate((*(f"warm {i}" for i in range(_WARM)), *QUERIES)):
            listener.report(Progress("Asking", done, _WARM + len(QUERIES), current=text))
            for name, library in libraries.items():
                took_ms[name].append(query_ms(library, text, listener))
        status, active = libraries["server"].status(), libraries["server"].models.active
    medians = {name: float(np.median(times[_WARM:])) for name, times in took_ms.items()}
    return medians, status.regions, active


def _recalls(
    store: Store, index: VectorIndex, metric: str, listener: ProgressListener
) -> Iterator[dict[str, Any]]:
    """Recall and duration without a filter and with filters of several widths. A filter allows the
    regions of one span of ids, as one of days would."""
    parts = list(store.regions.vectors_after(index.profile_id, 0))
    ids = np.concatenate([part[0] for part in parts])
    vectors = np.concatenate([part[1] for part in parts])
    if metric == "cos":
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rng = np.random.default_rng(0)
    chosen = vectors[rng.integers(0, len(ids), _VECTORS)]
    queries = chosen * (1 + _NOISE * rng.standard_normal(chosen.shape, dtype=np.float32))
    for share in (1.0, *SHARES):
        listener.report(Progress("Comparing", current=f"{share:.0%}"))
        count = max(_HITS, round(share * len(ids)))
        recalls, took_ms = [], []
        for query in queries:
            first = int(rng.integers(0, len(ids) - count + 1))
            span = slice(first, first + count)
            best = ids[span][np.argsort(-(vectors[span] @ query), kind="stable")[:_HITS]]
            found, ms = _timed(_search(index, query, None if share == 1 else ids[span]))
            recalls.append(len(np.intersect1d(found, best)) / _HITS)
            took_ms.append(ms)
        yield {
            "share": share,
            "allowed": count,
            "recall": float(np.mean(recalls)),
            "p50_ms": float(np.median(took_ms)),
        }


def _search(
    index: VectorIndex, query: np.ndarray, allowed: np.ndarray | None
) -> Callable[[], np.ndarray]:
    return lambda: index.search(query, _NEAR_HITS, allowed).ids[:_HITS]


def _timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    started_s = time.perf_counter()
    return work(), (time.perf_counter() - started_s) * 1000

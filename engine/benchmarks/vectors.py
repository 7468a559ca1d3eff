"""The vector index against exact search, by size."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.evaluation.annotated_search import ProgressListener
from engine.index.usearch_index import UsearchIndex
from engine.jobs import Progress
from engine.profiles.profile import Profile
from engine.profiles.starter import starter_profile

NEIGHBOURS = 10
QUERIES = 200
_CENTRES = 500
_SPREAD = 0.7
_READ_ROWS = 4096


class SyntheticVectors:
    """A ``VectorSource`` with random vectors, in place of the store.

    Unit vectors around random centres, because real vectors form clusters; without clusters there
    would be no near neighbours to find.

    Attributes:
        vectors: float16 (count, D); the row of id n is n - 1.
        queries: float32 (QUERIES, D).
    """

    def __init__(self, count: int, ndim: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self._centres = rng.normal(size=(_CENTRES, ndim)).astype(np.float32)
        self._rng = rng
        self.vectors = self._draw(count).astype(np.float16)
        self.queries = self._draw(QUERIES)

    def _draw(self, count: int) -> np.ndarray:
        clusters = self._rng.integers(0, _CENTRES, count)
        noise = self._rng.standard_normal((count, self._centres.shape[1]), dtype=np.float32)
        vectors = self._centres[clusters] + _SPREAD * noise
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def vectors_after(
        self, profile_id: int, after: int, up_to: int | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """See ``VectorSource``."""
        end = len(self.vectors) if up_to is None else min(up_to, len(self.vectors))
        for start in range(after, end, _READ_ROWS):
            stop = min(start + _READ_ROWS, end)
            yield np.arange(start + 1, stop + 1), self.vectors[start:stop]

    def vectors_of(self, profile_id: int, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See ``VectorSource``."""
        return ids, self.vectors[ids - 1]

    def ids(self, profile_id: int, after: int = 0, up_to: int | None = None) -> np.ndarray:
        """See ``VectorSource``."""
        end = len(self.vectors) if up_to is None else min(up_to, len(self.vectors))
        return np.arange(after + 1, end + 1)


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Build an index of each size as the product does, then search it."""
    profile = request.profile or starter_profile()
    rows = []
    for done, size in enumerate(request.sizes):
        listener.report(Progress("Building", done, len(request.sizes), current=f"{size:,} vectors"))
        rows.append(_measure_size(size, profile))
    lines = [f"{profile.ndim} dimensions, {QUERIES} queries, {NEIGHBOURS} neighbours each"]
    lines += [
        f"{row['vectors']:>9,} vectors: recall@{NEIGHBOURS} {row['recall_at_10']:.3f}, "
        f"index p50 {row['index_p50_ms']:.2f} ms, every vector p50 {row['exact_p50_ms']:.2f} "
        f"ms ({row['speedup']:.1f} times as fast), {row['shards']} shards, "
        f"built in {row['build_s']:.1f} s"
        for row in rows
    ]
    return BenchResult(tuple(lines), {"bench": "vectors", "ndim": profile.ndim, "sizes": rows})


def _measure_size(size: int, profile: Profile) -> dict[str, Any]:
    source = SyntheticVectors(size, profile.ndim)
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary:
        index = UsearchIndex(
            Path(temporary),
            source,
            1,
            profile_key="bench",
            ndim=profile.ndim,
            metric=profile.metric,
        )
        started_s = time.perf_counter()
        index.maintain()
        build_s = time.perf_counter() - started_s
        found, index_ms = _timed(lambda query: index.search(query, NEIGHBOURS).ids, source.queries)
        shards = len(index.opened())
        index.close()
    vectors = source.vectors.astype(np.float32)
    exact, exact_ms = _timed(lambda query: _nearest(vectors, query), source.queries)
    shared = [len(set(a.tolist()) & set(b.tolist())) for a, b in zip(found, exact, strict=True)]
    return {
        "vectors": size,
        "shards": shards,
        "build_s": build_s,
        "recall_at_10": sum(shared) / (len(exact) * min(NEIGHBOURS, size)),
        "index_p50_ms": float(np.median(index_ms)),
        "index_p95_ms": float(np.percentile(index_ms, 95)),
        "exact_p50_ms": float(np.median(exact_ms)),
        "speedup": float(np.median(exact_ms) / np.median(index_ms)),
    }


def _timed(
    search: Callable[[np.ndarray], np.ndarray], queries: np.ndarray
) -> tuple[list[np.ndarray], list[float]]:
    found, took_ms = [], []
    search(queries[0])  # opens files and warms caches
    for query in queries:
        started_s = time.perf_counter()
        found.append(search(query))
        took_ms.append((time.perf_counter() - started_s) * 1000)
    return found, took_ms


def _nearest(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Ids of the nearest vectors by exact search."""
    scores = vectors @ query
    if len(scores) <= NEIGHBOURS:
        return np.arange(1, len(scores) + 1)
    return np.argpartition(-scores, NEIGHBOURS)[:NEIGHBOURS] + 1

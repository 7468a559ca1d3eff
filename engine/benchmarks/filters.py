"""Filtered searches against brute force over the photos that pass, in a store of its own."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.evaluation.annotated_search import ProgressListener
from engine.index.usearch_index import UsearchIndex
from engine.jobs import Progress
from engine.paths import LibraryPaths
from engine.profiles.starter import starter_profile
from engine.records import (
    DateRange,
    Filter,
    FilterKind,
    PhotoId,
    PhotoMetadata,
    Rle,
    SearchRequest,
    Span,
)
from engine.search import candidates
from engine.search.query import ResolvedQuery
from engine.search.ranking import rank_by_example
from engine.search.region_cache import RegionCache
from engine.store.rows import AnalysedPhoto, FileVersion
from engine.store.sqlite_store import SqliteStore

PHOTOS = 20_000
REGIONS = 10
"""Regions of a photo, the photo as a whole included."""
QUERIES = 200
HITS = 50
SHARES = (0.001, 0.01, 0.05, 0.15, 0.5)
"""Shares of all photos that the filters keep."""
_SEASONS = 40
_CENTRES_OF_SEASON = 25
_SPREAD = 0.7
_FIRST_DAY = date(1970, 1, 1)
_AS_GOOD = 3e-4
"""Largest difference of two similarities that are the same but for rounding."""


class SeasonalVectors:
    """Unit vectors around random centres, of which each season has its own. So a filter by date
    keeps what is like some queries and unlike most.

    Attributes:
        vectors: float16 (photos, REGIONS, D); one photo was taken a day.
        queries: float32 (QUERIES, D), of all seasons.
    """

    def __init__(self, photos: int, ndim: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        centres = rng.normal(size=(_SEASONS * _CENTRES_OF_SEASON, ndim)).astype(np.float32)

        def draw(seasons: np.ndarray) -> np.ndarray:
            which = seasons * _CENTRES_OF_SEASON + rng.integers(0, _CENTRES_OF_SEASON, len(seasons))
            noise = rng.standard_normal((len(seasons), ndim), dtype=np.float32)
            drawn = centres[which] + _SPREAD * noise
            return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

        self.vectors = np.empty((photos, REGIONS, ndim), np.float16)
        for photo in range(photos):
            season = photo * _SEASONS // photos
            self.vectors[photo] = draw(np.full(REGIONS, season))
        self.queries = draw(rng.integers(0, _SEASONS, QUERIES))


@dataclass(frozen=True)
class _Library:
    """A store and an index; ``photo_ids`` in the order of the days."""

    store: SqliteStore
    index: UsearchIndex
    made: SeasonalVectors
    photo_ids: list[PhotoId]


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Search with filters of several widths; each answer is compared with brute force.

    Up to ``candidates.ALL_PHOTOS`` photos the answer is exact; beyond that it is as good as the
    index's own neighbours, which are approximate.
    """
    rows = []
    with _library(request, listener) as library:
        for done, share in enumerate(SHARES):
            listener.report(Progress("Asking", done, len(SHARES), current=f"{share:.1%}"))
            rows.append(_measure_share(library, share))
    count = len(library.photo_ids)
    lines = [f"{count:,} photos, {count * REGIONS:,} regions, {QUERIES} queries, {HITS} hits each"]
    lines += [
        f"{row['share']:>6.1%} of the photos pass ({row['photos']:,}): as brute force in "
        f"{row['equal']:.1%} of the queries, recall {row['recall']:.4f}, "
        f"p50 {row['p50_ms']:.1f} ms, p95 {row['p95_ms']:.1f} ms"
        for row in rows
    ]
    return BenchResult(tuple(lines), {"bench": "filters", "photos": count, "shares": rows})


def _measure_share(library: _Library, share: float) -> dict[str, Any]:
    photos = len(library.photo_ids)
    kept = max(1, round(share * photos))
    firsts = np.random.default_rng(1).integers(0, photos - kept + 1, len(library.made.queries))
    # Vectors stay in memory from one query to the next, as they do in the product.
    cache = RegionCache(library.store.regions, library.index.profile_id)
    equal, recalls, took_ms = 0, [], []
    for vector, first in zip(library.made.queries, firsts.tolist(), strict=True):
        started_s = time.perf_counter()
        scores = _found(library, cache, vector, _taken(first, kept))
        took_ms.append((time.perf_counter() - started_s) * 1000)
        regions = library.made.vectors[first : first + kept, 1:].astype(np.float32)
        best = np.sort((regions @ vector).max(1))[::-1][:HITS]
        right = int((scores >= best[-1] - _AS_GOOD).sum())
        recalls.append(right / len(best))
        equal += right == len(best)
    p50, p95 = (float(np.percentile(took_ms, share)) for share in (50, 95))
    return {
        "share": share,
        "photos": kept,
        "equal": equal / len(took_ms),
        "recall": float(np.mean(recalls)),
        "p50_ms": p50,
        "p95_ms": p95,
    }


def _taken(first: int, days: int) -> Filter:
    day = _FIRST_DAY + timedelta(days=first)
    return Filter(FilterKind.DATE, DateRange(day, day + timedelta(days=days - 1)), Span(0, 1))


def _found(library: _Library, cache: RegionCache, vector: np.ndarray, only: Filter) -> np.ndarray:
    """Similarities of the hits, float32, the best first."""
    request = SearchRequest(text="anything", limit=HITS)
    query = ResolvedQuery(request, vector[None], filters=(only,))
    found = candidates.find(query, library.store, library.index)
    ranked = rank_by_example(vector, cache.rows(found.photo_ids), HITS)
    return np.array([item.match.score for item in islice(ranked, HITS)], np.float32)


@contextlib.contextmanager
def _library(request: BenchRequest, listener: ProgressListener) -> Iterator[_Library]:
    profile = request.profile or starter_profile()
    made = SeasonalVectors(request.photos or PHOTOS, profile.ndim)
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary:
        store = SqliteStore.open(LibraryPaths(Path(temporary, "library")))
        with contextlib.closing(store):
            profile_id = store.profile_id(profile.key, profile.ndim, profile.name)
            index = UsearchIndex(
                Path(temporary, "index"),
                store.regions,
                profile_id,
                profile_key=profile.key,
                ndim=profile.ndim,
                metric=profile.metric,
            )
            with contextlib.closing(index):
                photo_ids = _write(store, profile_id, made, listener)
                listener.report(Progress("Building the index"))
                index.maintain()
                yield _Library(store, index, made, photo_ids)


def _write(
    store: SqliteStore, profile_id: int, made: SeasonalVectors, listener: ProgressListener
) -> list[PhotoId]:
    count = len(made.vectors)
    folder_id = store.folders.add(Path("/photos"))
    # The newest come first in the work list.
    files = [(f"{day % 300}/{day}.jpg", 10, count - day) for day in range(count)]
    store.files.record_found(folder_id, files)
    photo_ids = []
    for day, file in enumerate(store.files.pending(count)):
        if day % 1000 == 0:
            listener.report(Progress("Writing photos", day, count))
        taken_at = datetime.combine(_FIRST_DAY + timedelta(days=day), datetime.min.time())
        photo = AnalysedPhoto(
            version=FileVersion(str(day).encode(), file.size_bytes, file.mtime_ns),
            size_wh=(4000, 3000),
            metadata=PhotoMetadata(taken_at=taken_at.isoformat()),
            rles=(Rle((2, 2), b"04"),) * (REGIONS - 1),
            boxes_xyxy=np.tile(np.array([0, 0, 50, 50], np.float32), (REGIONS, 1)),
            mask_scores=np.ones(REGIONS, np.float32),
            area_fractions=np.full(REGIONS, 0.25, np.float32),
            vectors=made.vectors[day],
            thumbnail_jpeg=b"",
        )
        written = store.results.write(file, photo, profile_id, lambda *_: None)
        assert written.photo_id is not None
        photo_ids.append(written.photo_id)
    # Brute force takes the vectors as they are kept, in 8 bits a number.
    for day, photo_id in enumerate(photo_ids):
        kept = store.regions.rows([photo_id], profile_id)[photo_id]
        made.vectors[day] = np.vstack([kept.whole[None], kept.vectors])
    return photo_ids

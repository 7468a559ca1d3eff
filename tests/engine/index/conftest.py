"""An index over made-up vectors, small enough that shards and merges happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.index import usearch_index
from engine.index.usearch_index import UsearchIndex
from engine.paths import LibraryPaths
from engine.records import Rle
from engine.store.rows import AnalysedPhoto, FileVersion
from engine.store.sqlite_store import SqliteStore

NDIM = 12


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usearch_index, "SEAL_AT", 60)
    monkeypatch.setattr(usearch_index, "MERGED_COUNT", 400)
    monkeypatch.setattr(usearch_index, "MERGE_AT", 3)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(LibraryPaths(tmp_path / "library"))
    opened.profile_id("p", NDIM, "p")
    yield opened
    opened.close()


@pytest.fixture
def fill(store: SqliteStore) -> Callable[[int], None]:
    """Add photos of 10 vectors each."""
    folder_id = store.folders.add(Path("/photos"))
    rng = np.random.default_rng(3)
    added = [0]

    def run(photos: int) -> None:
        first = added[0]
        added[0] += photos
        files = [(f"{i}.jpg", 10 + i, i) for i in range(first, added[0])]
        store.files.record_found(folder_id, files)
        for file in store.files.pending(photos):
            photo = AnalysedPhoto(
                version=FileVersion(file.path.name.encode(), file.size_bytes, file.mtime_ns),
                size_wh=(10, 10),
                taken_at=None,
                camera=None,
                rles=(Rle((2, 2), b"04"),) * 9,
                boxes_xyxy=np.zeros((10, 4), np.float32),
                mask_scores=np.ones(10, np.float32),
                area_fractions=np.ones(10, np.float32),
                vectors=rng.normal(size=(10, NDIM)).astype(np.float16),
                thumbnail_jpeg=b"",
            )
            store.outcomes.write(file, photo, 1, lambda *_: None)

    return run


@pytest.fixture
def open_index(store: SqliteStore, tmp_path: Path) -> Callable[..., UsearchIndex]:
    def run(*, read_only: bool = False, metric: str = "ip", key: str = "p") -> UsearchIndex:
        return UsearchIndex(
            tmp_path / "library" / "index",
            store.regions,
            1,
            profile_key=key,
            ndim=NDIM,
            metric=metric,
            read_only=read_only,
        )

    return run


def exact(store: SqliteStore, query: np.ndarray, k: int, metric: str = "ip") -> list[int]:
    """The true neighbours, by brute force over the store."""
    parts = list(store.regions.vectors_after(1, 0))
    ids = np.concatenate([part[0] for part in parts])
    vectors = np.concatenate([part[1] for part in parts]).astype(np.float32)
    if metric == "cos":
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return ids[np.argsort(-(vectors @ query), kind="stable")[:k]].tolist()

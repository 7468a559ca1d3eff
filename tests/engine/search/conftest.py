"""A store with many photos whose vectors are made up, and an index over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.index.usearch_index import UsearchIndex
from engine.paths import LibraryPaths
from engine.records import PhotoMetadata, Rle
from engine.store.rows import AnalysedPhoto, FileVersion, IndexLevel
from engine.store.sqlite_store import SqliteStore

NDIM = 16


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(LibraryPaths(tmp_path / "library"))
    opened.profile_id("p", NDIM, "p")
    yield opened
    opened.close()


@pytest.fixture
def index(store: SqliteStore, tmp_path: Path) -> UsearchIndex:
    return UsearchIndex(
        tmp_path / "index", store.regions, 1, profile_key="p", ndim=NDIM, metric="ip"
    )


@pytest.fixture
def add_photos(store: SqliteStore) -> Callable[..., int]:
    """Add photos of three things each (coarse ones of none) to a folder, or look in full at
    that many of its coarse ones; returns the folder's id. ``taken_at`` gives the capture time of
    the photo of a number."""
    rng = np.random.default_rng(11)

    def run(
        folder: str,
        count: int,
        level: IndexLevel = IndexLevel.FULL,
        taken_at: Callable[[int], str | None] = lambda _: None,
    ) -> int:
        folder_id = store.folders.add(Path("/", folder))
        store.files.record_found(folder_id, [(f"{i}.jpg", 10, i) for i in range(count)])
        things = 3 if level is IndexLevel.FULL else 0
        for file in store.files.pending(count) or store.files.coarse(1, count):
            vectors = rng.normal(size=(things + 1, NDIM))
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            photo = AnalysedPhoto(
                version=FileVersion(str(file.path).encode(), 10, file.mtime_ns),
                size_wh=(100, 100),
                metadata=PhotoMetadata(taken_at=taken_at(file.mtime_ns)),
                rles=(Rle((2, 2), b"04"),) * things,
                boxes_xyxy=np.tile(np.array([0, 0, 50, 50], np.float32), (things + 1, 1)),
                mask_scores=np.ones(things + 1, np.float32),
                area_fractions=np.full(things + 1, 0.25, np.float32),
                vectors=vectors.astype(np.float16),
                thumbnail_jpeg=b"",
                level=level,
            )
            store.results.write(file, photo, 1, lambda *_: None)
        return folder_id

    return run

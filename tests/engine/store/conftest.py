"""A store to write to, and analysed photos without any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.paths import LibraryPaths
from engine.records import Rle
from engine.store.rows import AnalysedPhoto, FileRow, FileVersion, IndexLevel
from engine.store.sqlite_store import SqliteStore

NDIM = 8


@pytest.fixture
def paths(tmp_path: Path) -> LibraryPaths:
    return LibraryPaths(tmp_path / "library")


@pytest.fixture
def store(paths: LibraryPaths) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(paths)
    yield opened
    opened.close()


@pytest.fixture
def profile_id(store: SqliteStore) -> int:
    return store.profile_id("test-profile", NDIM, "test")


@pytest.fixture
def folder_id(store: SqliteStore, tmp_path: Path) -> int:
    return store.folders.add(tmp_path / "photos")


def analysed(
    content: bytes, file: FileRow, things: int = 2, level: IndexLevel = IndexLevel.FULL
) -> AnalysedPhoto:
    """A photo of 100 x 80 px with made-up regions; the content decides its vectors."""
    rng = np.random.default_rng(list(content))
    things = 0 if level is IndexLevel.COARSE else things
    rows = things + 1
    return AnalysedPhoto(
        version=FileVersion(content, file.size_bytes, file.mtime_ns),
        size_wh=(100, 80),
        taken_at=None,
        camera=None,
        rles=tuple(Rle((4, 4), b"04") for _ in range(things)),
        boxes_xyxy=np.tile(np.array([0, 0, 50, 40], np.float32), (rows, 1)),
        mask_scores=np.linspace(1, 0.5, rows).astype(np.float32),
        area_fractions=np.full(rows, 0.25, np.float32),
        vectors=rng.normal(size=(rows, NDIM)).astype(np.float16),
        thumbnail_jpeg=b"jpeg of " + content,
        level=level,
    )


@pytest.fixture
def index_all(store: SqliteStore, profile_id: int) -> Callable[..., dict[str, int]]:
    """Write made-up results for everything that is pending; thumbnails into the given dict."""

    def run(
        contents: dict[str, bytes] | None = None,
        thumbnails: dict | None = None,
        profile: int = profile_id,
    ) -> dict[str, int]:
        photos = {}
        kept = {} if thumbnails is None else thumbnails
        for file in store.files.pending(1000):
            content = (contents or {}).get(file.path.name, file.path.name.encode())
            written = store.outcomes.write(file, analysed(content, file), profile, kept.__setitem__)
            photos[file.path.name] = written.photo_id
        return photos

    return run

"""A store to write to, and analysed photos without any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.paths import LibraryPaths
from engine.store.sqlite_store import SqliteStore
from tests.fakes.analysed_photos import NDIM, analysed


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
            written = store.results.write(file, analysed(content, file), profile, kept.__setitem__)
            photos[file.path.name] = written.photo_id
        return photos

    return run

"""One open store for each backend, with a folder and a profile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.store.store import Store
from tests.conformance.backends import BACKENDS, Backend
from tests.fakes.analysed_photos import NDIM, analysed
from tests.fakes.postgres_databases import PostgresDatabases


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, postgres: PostgresDatabases | None) -> Backend:
    if request.param.startswith("postgres") and postgres is None:
        pytest.skip("there is no PostgreSQL server to start here")
    return BACKENDS[request.param]


@pytest.fixture
def store(backend: Backend, tmp_path: Path) -> Iterator[Store]:
    opened = backend.open_store(tmp_path / "library", False)
    yield opened
    opened.close()


@pytest.fixture
def profile_id(store: Store) -> int:
    return store.profile_id("test-profile", NDIM, "test")


@pytest.fixture
def folder_id(store: Store, tmp_path: Path) -> int:
    return store.folders.add(tmp_path / "photos")


@pytest.fixture
def index_all(store: Store, profile_id: int) -> Callable[..., dict[str, int]]:
    """Write made-up results for everything that is pending; thumbnails into the given dict."""

    def run(
        contents: dict[str, bytes] | None = None,
        thumbnails: dict | None = None,
        profile: int = profile_id,
    ) -> dict[str, int]:
        photos = {}
        kept = {} if thumbnails is None else thumbnails
        for file in store.files.pending(1000):
            content = (contents or {}).get(file.path.name, os.fsencode(file.path.name))
            written = store.results.write(file, analysed(content, file), profile, kept.__setitem__)
            photos[file.path.name] = written.photo_id
        return photos

    return run

"""A USearch index over generated vectors, small enough that shards and merges happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.index import usearch_index
from engine.index.usearch_index import UsearchIndex
from engine.paths import LibraryPaths
from engine.store.sqlite_store import SqliteStore
from tests.fakes.generated_index import NDIM, Filler


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
def fill(store: SqliteStore) -> Filler:
    return Filler(store)


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

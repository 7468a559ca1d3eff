"""The implementations of store and index that the conformance tests run against.

Another one is one more entry of ``BACKENDS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.index.usearch_index import UsearchIndex
from engine.index.vector_index import VectorIndex
from engine.paths import LibraryPaths
from engine.postgres.pgvector_index import PgvectorIndex
from engine.postgres.postgres_store import PostgresStore
from engine.store.sqlite_store import SqliteStore
from engine.store.store import Store
from tests.fakes import postgres_databases


class OpenIndex(Protocol):
    """Opens the index of one profile."""

    def __call__(
        self,
        root: Path,
        store: Store,
        profile_id: int,
        *,
        key: str,
        ndim: int,
        metric: str,
        read_only: bool,
    ) -> VectorIndex: ...


@dataclass(frozen=True)
class Backend:
    """A store and an index that belong together.

    Attributes:
        open_store: opens the store kept at a folder, creating it; the second argument asks for
            a read-only one, of which there may be several beside the writer.
        shrink: makes an index seal and merge early, so that small tests reach every path.
    """

    open_store: Callable[[Path, bool], Store]
    open_index: OpenIndex
    shrink: Callable[[Callable[..., None]], None]


def _open_sqlite(root: Path, read_only: bool) -> Store:
    return SqliteStore.open(LibraryPaths(root), read_only=read_only)


def _open_usearch(
    root: Path,
    store: Store,
    profile_id: int,
    *,
    key: str,
    ndim: int,
    metric: str,
    read_only: bool,
) -> VectorIndex:
    return UsearchIndex(
        root / "index",
        store.regions,
        profile_id,
        profile_key=key,
        ndim=ndim,
        metric=metric,
        read_only=read_only,
    )


def _shrink_usearch(set_attribute: Callable[..., None]) -> None:
    from engine.index import usearch_index

    set_attribute(usearch_index, "SEAL_AT", 60)
    set_attribute(usearch_index, "MERGED_COUNT", 400)
    set_attribute(usearch_index, "MERGE_AT", 3)


def _open_postgres(root: Path, read_only: bool) -> Store:
    assert postgres_databases.running is not None
    return PostgresStore.open(postgres_databases.running.address(root), read_only=read_only)


def _open_pgvector(
    root: Path,
    store: Store,
    profile_id: int,
    *,
    key: str,
    ndim: int,
    metric: str,
    read_only: bool,
) -> VectorIndex:
    assert isinstance(store, PostgresStore)
    return PgvectorIndex(
        store.server, store.regions, profile_id, ndim=ndim, metric=metric, read_only=read_only
    )


def _shrink_pgvector(set_attribute: Callable[..., None]) -> None:
    from engine.postgres import pgvector_index

    set_attribute(pgvector_index, "EXACT_ROWS", 60)


BACKENDS = {
    "sqlite-usearch": Backend(_open_sqlite, _open_usearch, _shrink_usearch),
    "postgres-pgvector": Backend(_open_postgres, _open_pgvector, _shrink_pgvector),
}

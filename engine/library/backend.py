"""Where a library is kept: in a folder, with SQLite and USearch, or on a PostgreSQL server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.backups import restoring
from engine.decode.thumbnails import ThumbnailCache, Thumbnails
from engine.index.usearch_index import UsearchIndex
from engine.index.vector_index import VectorIndex
from engine.paths import LibraryPaths
from engine.postgres.address import ServerAddress
from engine.postgres.pgvector_index import PgvectorIndex
from engine.postgres.postgres_store import PostgresStore
from engine.profiles.profile import Profile
from engine.store.sqlite_store import SqliteStore
from engine.store.store import Store

Location = Path | ServerAddress
"""Of a library."""


@dataclass(frozen=True)
class Backend:
    """An open store, and what belongs to it.

    Attributes:
        paths: settings and logs; with a folder, everything else too.
    """

    paths: LibraryPaths
    store: Store
    thumbnails: Thumbnails

    def index(self, profile: Profile, profile_id: int) -> VectorIndex:
        """The vector index of a profile; nothing is read yet."""
        if isinstance(self.store, PostgresStore):
            return PgvectorIndex(
                self.store.server,
                self.store.regions,
                profile_id,
                ndim=profile.ndim,
                metric=profile.metric,
                read_only=self.store.read_only,
            )
        return UsearchIndex(
            self.paths.index(profile.key),
            self.store.regions,
            profile_id,
            profile_key=profile.key,
            ndim=profile.ndim,
            metric=profile.metric,
            read_only=self.store.read_only,
        )


def paths_of(location: Location) -> LibraryPaths:
    """The files of a library."""
    if isinstance(location, ServerAddress):
        return location.paths
    return LibraryPaths(Path(location).expanduser().resolve())


def open_backend(location: Location, *, read_only: bool) -> Backend:
    """Open or create a store. Raises as ``SqliteStore.open`` and ``PostgresStore.open`` do."""
    paths = paths_of(location)
    if isinstance(location, ServerAddress):
        server_store = PostgresStore.open(location, read_only=read_only)
        paths.root.mkdir(parents=True, exist_ok=True)
        return Backend(paths, server_store, server_store.thumbnails)
    store = SqliteStore.open(paths, read_only=read_only, prepare=restoring.prepare)
    return Backend(paths, store, ThumbnailCache(paths.thumbnails))

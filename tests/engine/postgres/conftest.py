"""An empty library on the server of the tests' process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.postgres.address import ServerAddress
from engine.postgres.postgres_store import PostgresStore
from tests.fakes.analysed_photos import NDIM
from tests.fakes.postgres_databases import PostgresDatabases

OpenStore = Callable[[], PostgresStore]


@pytest.fixture(scope="session", autouse=True)
def _server_runs_first(postgres: PostgresDatabases | None) -> None:
    """Before any module looks at what is running."""


@pytest.fixture
def databases(postgres: PostgresDatabases | None) -> PostgresDatabases:
    if postgres is None:
        pytest.skip("there is no PostgreSQL server to start here")
    return postgres


@pytest.fixture
def address(databases: PostgresDatabases, tmp_path: Path) -> ServerAddress:
    return databases.address(tmp_path)


@pytest.fixture
def open_store(address: ServerAddress) -> Iterator[OpenStore]:
    """Opens the library once more, as another process would."""
    opened: list[PostgresStore] = []

    def run() -> PostgresStore:
        opened.append(PostgresStore.open(address))
        return opened[-1]

    yield run
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: OpenStore) -> PostgresStore:
    """With a profile, number 1, and a folder, number 1."""
    store = open_store()
    assert store.profile_id("p", NDIM, "p") == 1
    assert store.folders.add(Path("/photos")) == 1
    return store

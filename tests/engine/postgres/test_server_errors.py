"""What people are told when the server cannot be used, and that work goes on afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import EngineError, ServerProblem, StoreDamaged, StoreTooNew
from engine.postgres import migrations
from engine.postgres.address import ServerAddress
from engine.postgres.connection import Server, translated_sql
from engine.postgres.packaged_server import PackagedServer
from engine.postgres.postgres_store import PostgresStore
from tests.fakes.analysed_photos import NDIM, analysed
from tests.fakes.postgres_databases import PostgresDatabases


@pytest.fixture(scope="module")
def own_server(postgres: PostgresDatabases | None) -> Iterator[PackagedServer]:
    """One that may be killed."""
    if postgres is None:
        pytest.skip("there is no PostgreSQL server to start here")
    with PackagedServer() as server:
        yield server


def refused(uri: str, *, read_only: bool = False) -> EngineError:
    """The error of opening a library, which says what to do and keeps passwords to itself."""
    with pytest.raises(EngineError) as caught:
        PostgresStore.open(ServerAddress(uri), read_only=read_only)
    error = caught.value
    assert error.operation == "opening the library" and error.hint
    assert "sesame" not in f"{error} {error.__cause__!r} {error.operation}"
    return error


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    error = refused(f"postgresql://ann:sesame@/photos?host={tmp_path}")
    assert isinstance(error, ServerProblem)
    assert f"postgresql://ann@/photos?host={tmp_path} does not answer" in error.message


def test_a_database_that_is_not_there(own_server: PackagedServer) -> None:
    error = refused(own_server.uri("nowhere").replace("postgres@", "postgres:sesame@"))
    assert isinstance(error, ServerProblem)
    assert "database" in error.message and "createdb" in (error.hint or "")


def test_a_wrong_password(own_server: PackagedServer) -> None:
    own_server.execute("CREATE ROLE ann LOGIN PASSWORD 'other'")
    rules = own_server.folder / "data" / "pg_hba.conf"
    rules.write_text("local all ann scram-sha-256\n" + rules.read_text())
    own_server.kill()
    own_server.start()
    error = refused(own_server.uri().replace("postgres@", "ann:sesame@"))
    assert "does not accept this user or password" in error.message


def test_a_user_without_rights(own_server: PackagedServer) -> None:
    own_server.execute("CREATE DATABASE closed")
    own_server.execute("CREATE EXTENSION vector", "closed")
    own_server.execute("CREATE ROLE bob LOGIN")
    error = refused(own_server.uri("closed").replace("postgres@", "bob@"))
    assert "may not do this" in error.message and "administrator" in (error.hint or "")


@pytest.mark.parametrize(
    ("view", "rows", "message"),
    [
        ("pg_available_extensions(name text)", "", "lacks the extension pgvector"),
        (
            "pg_extension(extname text, extversion text)",
            "('vector', '0.7.4')",
            "has pgvector 0.7.4",
        ),
    ],
)
def test_pgvector_is_missing_or_old(
    own_server: PackagedServer, view: str, rows: str, message: str
) -> None:
    """Tables in the place of the server's own views, which a search path can put first."""
    name = f"plain_{len(message)}"
    own_server.execute(f"CREATE DATABASE {name}")
    own_server.execute(f"CREATE TABLE {view}", name)
    if rows:
        own_server.execute(f"INSERT INTO public.{view.partition(chr(40))[0]} VALUES {rows}", name)
    error = refused(own_server.uri(name) + "&options=-csearch_path%3Dpublic,pg_catalog")
    assert message in error.message and "pgvector 0.8" in (error.hint or "")


def test_a_server_that_is_too_old(
    own_server: PackagedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "OLDEST_SERVER", 990000)
    error = refused(own_server.uri())
    assert "PostgreSQL 16" in error.message and "PostgreSQL 99 or newer" in (error.hint or "")


def test_a_library_of_a_newer_version_or_of_none(
    address: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(refused(address.uri, read_only=True), StoreDamaged)
    PostgresStore.open(address).close()
    PostgresStore.open(address, read_only=True).close()
    with closing(Server(address)) as server, server.writing() as session:
        session.execute("INSERT INTO migrations VALUES ('m9999_future', now())")
    for read_only in (False, True):
        assert isinstance(refused(address.uri, read_only=read_only), StoreTooNew)


def test_without_its_package_the_engine_works_and_says_what_is_missing(tmp_path: Path) -> None:
    code = f"""
import sys
sys.modules["psycopg"] = None
from pathlib import Path
from engine import cli
from engine.library import Library
Library.open(Path({str(tmp_path)!r})).close()
sys.exit(cli.main(["--library", "postgresql://ann:sesame@host/photos", "status"]))
"""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 1
    assert "postgresql://ann@host/photos needs the package psycopg" in ended.stderr
    assert "pickout[postgres]" in ended.stderr and "sesame" not in ended.stderr


def test_a_server_killed_during_a_write_loses_nothing_and_is_found_again(
    own_server: PackagedServer,
) -> None:
    own_server.execute("CREATE DATABASE killed")
    store = PostgresStore.open(ServerAddress(own_server.uri("killed")))
    try:
        profile_id = store.profile_id("p", NDIM, "p")
        folder_id = store.folders.add(Path("/photos"))
        store.files.record_found(folder_id, [("a.jpg", 10, 1), ("b.jpg", 10, 2)])
        second, first = store.files.pending(2)
        store.results.write(first, analysed(b"a", first), profile_id, store.thumbnails.put)

        def kill(photo_id: int, jpeg: bytes) -> None:
            store.thumbnails.put(photo_id, jpeg)
            own_server.kill()

        with pytest.raises(ServerProblem, match="does not answer") as caught:
            store.results.write(second, analysed(b"b", second), profile_id, kill)
        assert caught.value.operation == "writing to the library" and caught.value.hint
        with pytest.raises(ServerProblem, match="does not answer"):
            store.files.pending(2)
        own_server.start()
        assert [file.path.name for file in store.files.pending(2)] == ["b.jpg"]
        assert len(store.photos.all_ids()) == 1 and len(store.thumbnails.ids()) == 1
        written = store.results.write(
            second, analysed(b"b", second), profile_id, store.thumbnails.put
        )
        assert written.photo_id is not None
        assert store.thumbnails.get(written.photo_id) == b"jpeg of b"
        assert store.faults() == () and store.counts.repair() == ()
    finally:
        store.close()


def test_an_indexer_holds_its_claims_again_after_the_server_was_away(
    own_server: PackagedServer,
) -> None:
    from engine.store.rows import IndexLevel

    own_server.execute("CREATE DATABASE away")
    address = ServerAddress(own_server.uri("away"))
    store, other = PostgresStore.open(address), PostgresStore.open(address)
    try:
        profile_id = store.profile_id("p", NDIM, "p")
        store.files.record_found(store.folders.add(Path("/photos")), [("a.jpg", 10, 1)])
        file = store.files.pending(1)[0]
        assert store.files.claim(file, profile_id, IndexLevel.FULL)
        own_server.kill()
        own_server.start()
        assert store.files.claim(file, profile_id, IndexLevel.FULL)
        assert not other.files.claim(file, profile_id, IndexLevel.FULL)
    finally:
        store.close()
        other.close()


def test_a_closed_library_is_not_used(address: ServerAddress) -> None:
    store = PostgresStore.open(address)
    store.close()
    with pytest.raises(RuntimeError, match="closed"):
        store.photos.all_ids()


def test_values_are_bound_and_comments_are_ours() -> None:
    assert translated_sql("SELECT '%' /* a */ /*pg , ? */ WHERE x = ?") == (
        "SELECT '%%' /* a */ , %s  WHERE x = %s"
    )

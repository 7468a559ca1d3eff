"""A library on a server through the facade and the command line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from engine import cli
from engine.commands.terminal.console import Console
from engine.errors import BadRequest
from engine.library import Library
from engine.paths import server_library_dir
from engine.postgres.address import ServerAddress
from engine.records import SearchRequest
from tests.fakes import colour_models, synthetic_photos

PATIENCE_S = 60.0
COLOURS = ("red", "green", "blue", "yellow")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(12):
        colour = COLOURS[number % len(COLOURS)]
        synthetic_photos.photo(tmp_path / f"photos/{number}-{colour}.png", colour, seed=number)
    return tmp_path / "photos"


def run(address: ServerAddress, *argv: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = cli.run(
        ["--library", address.uri, *map(str, argv)],
        profile=colour_models.profile(),
        console=Console(out, err),
    )
    return status, out.getvalue(), err.getvalue()


def test_two_indexers_at_once_share_the_photos(address: ServerAddress, photos: Path) -> None:
    with (
        Library.open(address, profile=colour_models.profile()) as one,
        Library.open(address, profile=colour_models.profile()) as two,
    ):
        one.folders.add(photos)
        one.folders.scan().result(PATIENCE_S)
        one.take_changes()
        jobs = [library.indexing.start() for library in (one, two)]
        for job in jobs:
            job.result(PATIENCE_S)
        status = two.status()
        assert (status.searchable, status.outlined, status.pending) == (12, 12, 0)
        assert status.regions == 12
        job = two.search.start(SearchRequest(text="blue"))
        hits = [hit for hit in job.result(PATIENCE_S).hits if hit.verdict == "match"]
        assert {hit.photo.path.name for hit in hits} == {"2-blue.png", "6-blue.png", "10-blue.png"}
        assert all(two.photos.thumbnail(hit.photo.id) for hit in hits)
        report = one.maintenance.check().result(PATIENCE_S)
        assert report.ok and report.repaired == () and report.vectors == 24


def test_commands_take_the_address_of_a_server(address: ServerAddress, photos: Path) -> None:
    assert run(address, "add", photos)[0] == 0
    status, out, err = run(address, "index")
    assert (status, err) == (0, err) and "12 photos searchable (12 new)" in out
    status, out, _ = run(address, "search", "yellow", "--limit", 3)
    assert status == 0 and "yellow" in out
    status, out, _ = run(address, "status")
    assert status == 0 and "Library postgresql://postgres@/postgres" in out
    assert "12 searchable" in out
    assert run(address, "check")[0] == 0
    assert address.paths.root.is_relative_to(server_library_dir(""))
    assert not list(address.paths.root.glob("*.sqlite"))


def test_hints_and_status_leave_the_password_out(address: ServerAddress) -> None:
    secret = ServerAddress(address.uri.replace("postgres@", "postgres:sesame@"))
    for command in (("status",), ("index",), ("search", "red")):
        _, out, err = run(secret, *command)
        assert "sesame" not in out + err and "postgresql://postgres@" in out + err


def test_the_same_library_has_the_same_folder_whatever_the_password() -> None:
    plain = ServerAddress("postgresql://ann@host:5433/photos")
    assert ServerAddress("postgresql://ann:sesame@host:5433/photos").paths == plain.paths
    assert ServerAddress("postgresql://ann@host:5433/other").paths != plain.paths
    assert str(ServerAddress("postgresql://host/db?password=sesame&sslmode=require")) == (
        "postgresql://host/db?sslmode=require"
    )


def test_edits_are_made_there_and_backups_are_the_servers(
    address: ServerAddress, photos: Path
) -> None:
    with Library.open(address, profile=colour_models.profile()) as library:
        library.folders.add(photos)
        library.indexing.start().result(PATIENCE_S)
        first, *others = library.search.start(SearchRequest(text="blue")).result(PATIENCE_S).hits
        library.edits.judge([first.photo.id], "blue", match=False)
        library.edits.name_region(others[0].region.id, "Rex")
        hits = library.search.start(SearchRequest(text="Blue")).result(PATIENCE_S).hits
        assert hits[-1].photo == first.photo and hits[-1].verdict == "no"
        (named,) = library.edits.region_names(others[0].photo.id)
        assert (named.name, named.region_id) == ("Rex", others[0].region.id)
        library.edits.undo()
        assert library.edits.region_names(others[0].photo.id) == ()
        assert library.maintenance.check().result(PATIENCE_S).ok
        assert library.backups.start_if_due() is None and library.backups.all() == ()
        with pytest.raises(BadRequest, match="with the server"):
            library.backups.make()
    status, _, err = run(address, "restore")
    assert status == 1 and "with the server" in err

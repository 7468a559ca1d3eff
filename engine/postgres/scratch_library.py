"""An empty library on a server for one evaluation or benchmark, dropped afterwards."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from urllib.parse import quote

from engine.postgres.address import ServerAddress
from engine.postgres.connection import Server


@contextlib.contextmanager
def scratch_library(address: ServerAddress) -> Iterator[ServerAddress]:
    """The address of a library in a schema of its own, in the same database.

    Raises:
        ServerProblem: the server cannot be used.
    """
    schema = f"pickout_scratch_{secrets.token_hex(4)}"
    server = Server(address)
    try:
        _run(server, f"CREATE SCHEMA {schema}")
        join = "&" if "?" in address.uri else "?"
        options = quote(f"-csearch_path={schema},public")
        inside = ServerAddress(f"{address.uri}{join}options={options}")
        try:
            yield inside
        finally:
            _run(server, f"DROP SCHEMA {schema} CASCADE")
            shutil.rmtree(inside.paths.root, ignore_errors=True)
    finally:
        server.close()


def _run(server: Server, statement: str) -> None:
    with server.writing() as session:
        session.execute(statement)

"""A real PostgreSQL server for the tests of a process, with an empty library for each folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.postgres.address import ServerAddress
from engine.postgres.packaged_server import PackagedServer


class PostgresDatabases:
    """Addresses of libraries on one server: each folder of a test has its own, in a schema."""

    def __init__(self, server: PackagedServer) -> None:
        self.server = server
        self._schemas: dict[Path, str] = {}

    def address(self, root: Path) -> ServerAddress:
        """Of the library that stands for one in this folder."""
        if root not in self._schemas:
            self._schemas[root] = f"test_{len(self._schemas)}"
            self.server.execute(f"CREATE SCHEMA {self._schemas[root]}")
        options = f"&options=-csearch_path%3D{self._schemas[root]},public"
        return ServerAddress(self.server.uri() + options)


running: PostgresDatabases | None = None
"""Set while the session's server runs."""


@contextmanager
def run_server() -> Iterator[PostgresDatabases]:
    """Start the session's server."""
    global running  # noqa: PLW0603  one server for all tests of a process
    with PackagedServer() as server:
        server.execute("CREATE EXTENSION vector SCHEMA public")
        running = PostgresDatabases(server)
        yield running
        running = None

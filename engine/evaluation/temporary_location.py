"""Where the library of an evaluation is kept while it lasts."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.library.backend import Location
from engine.postgres.address import ServerAddress
from engine.postgres.scratch_library import scratch_library


@contextlib.contextmanager
def temporary_location(server: ServerAddress | None) -> Iterator[tuple[Path, Location]]:
    """A temporary folder, and a library in it or, in a schema of its own, on a server.

    Raises:
        ServerProblem: the server cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="pickout-evaluate-") as temporary:
        folder = Path(temporary)
        if server is None:
            yield folder, folder / "library"
            return
        with scratch_library(server) as location:
            yield folder, location

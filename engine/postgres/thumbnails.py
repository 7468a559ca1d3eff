"""Thumbnails in the database, for all computers that use the library."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from engine.errors import EngineError
from engine.postgres.connection import Server

log = logging.getLogger(__name__)
T = TypeVar("T")


class ServerThumbnails:
    """See ``Thumbnails``. They are written in the transaction of their photo and go with it.

    Outside of such a transaction, a server that does not answer is logged and not raised.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def put(self, photo_id: int, jpeg: bytes) -> None:
        """Store a thumbnail, replacing the photo's previous one; a photo that is gone gets none.

        Raises:
            ServerProblem, DiskFull: it could not be written.
        """
        with self._server.writing() as session:
            session.execute(
                """INSERT INTO thumbnails SELECT ?, ?
                   WHERE EXISTS (SELECT 1 FROM photos WHERE id = ?)
                   ON CONFLICT (photo_id) DO UPDATE SET jpeg = excluded.jpeg""",
                (photo_id, jpeg, photo_id),
            )

    def get(self, photo_id: int) -> bytes | None:
        """The JPEG; None if there is none."""

        def read() -> bytes | None:
            with self._server.reading() as session:
                row = session.execute(
                    "SELECT jpeg FROM thumbnails WHERE photo_id = ?", (photo_id,)
                ).fetchone()
            return bytes(row[0]) if row else None

        return _unless_gone(read, None)

    def remove(self, ids: Iterable[int]) -> None:
        """Does nothing: a thumbnail goes with its photo."""

    def ids(self) -> set[int]:
        """The ids of all photos that have a thumbnail."""

        def read() -> set[int]:
            with self._server.reading() as session:
                return {row[0] for row in session.execute("SELECT photo_id FROM thumbnails")}

        return _unless_gone(read, set())

    def close(self) -> None:
        """The store closes the connections."""


def _unless_gone(read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except EngineError as error:
        log.info("thumbnails: %s", error)
        return otherwise

"""Thumbnails for the grid, cached in a separate file that can be recreated."""

from __future__ import annotations

import contextlib
import io
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger(__name__)
T = TypeVar("T")

_CREATE_TABLE = (
    "CREATE TABLE IF NOT EXISTS thumbnails (photo_id INTEGER PRIMARY KEY, jpeg BLOB NOT NULL)"
)
_LOCK_TIMEOUT_S = 2.0

LONGEST_PX = 384
"""Longest side of a thumbnail."""


def make_thumbnail(rgb: np.ndarray, longest_px: int = LONGEST_PX, quality: int = 82) -> bytes:
    """Reduce upright pixels, uint8 (H, W, 3), to a JPEG without metadata. Never enlarges."""
    from PIL import Image

    picture = Image.fromarray(rgb)
    longest = max(picture.size)
    if longest > longest_px:
        width, height = (max(1, round(side * longest_px / longest)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


class Thumbnails(Protocol):
    """Thumbnails by photo id. Thread-safe; can be recreated, so reading one never raises."""

    def put(self, photo_id: int, jpeg: bytes) -> None:
        """Store a thumbnail, replacing the photo's previous one."""
        ...

    def get(self, photo_id: int) -> bytes | None:
        """The JPEG; None if there is none."""
        ...

    def remove(self, ids: Iterable[int]) -> None:
        """Delete thumbnails of photos that were deleted; unknown ids are ignored."""
        ...

    def ids(self) -> set[int]:
        """The ids of all photos that have a thumbnail."""
        ...

    def close(self) -> None:
        """Release what is open."""
        ...


class ThumbnailCache:
    """``Thumbnails`` in one SQLite file.

    Thread-safe; calls are serialised. Disk errors are not raised, because thumbnails can be
    recreated: a damaged file is replaced by an empty one, and a failed write is logged.

    Args:
        path: the file, created if it does not exist; it holds only thumbnails.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    def put(self, photo_id: int, jpeg: bytes) -> None:
        """Store a thumbnail, replacing the photo's previous one."""
        statement = "INSERT OR REPLACE INTO thumbnails (photo_id, jpeg) VALUES (?, ?)"
        self._run(lambda connection: connection.execute(statement, (photo_id, jpeg)))

    def get(self, photo_id: int) -> bytes | None:
        """The JPEG; None if there is none."""
        statement = "SELECT jpeg FROM thumbnails WHERE photo_id = ?"
        row = self._run(lambda connection: connection.execute(statement, (photo_id,)).fetchone())
        return row[0] if row is not None else None

    def remove(self, ids: Iterable[int]) -> None:
        """Delete thumbnails; unknown ids are ignored."""
        rows = [(photo_id,) for photo_id in ids]
        statement = "DELETE FROM thumbnails WHERE photo_id = ?"
        self._run(lambda connection: connection.executemany(statement, rows))

    def ids(self) -> set[int]:
        """The ids of all photos that have a thumbnail."""
        statement = "SELECT photo_id FROM thumbnails"
        rows = self._run(lambda connection: connection.execute(statement).fetchall())
        return {row[0] for row in rows or ()}

    def close(self) -> None:
        """Close the file; later calls return nothing and store nothing."""
        with self._lock:
            self._closed = True
            self._disconnect()

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Run ``work`` in a transaction; None if the file cannot be used."""
        with self._lock:
            if self._closed:
                return None
            try:
                return self._attempt(work)
            except sqlite3.OperationalError as error:  # locked, full, read-only: not damaged
                log.info("thumbnails: %s", error)
                self._disconnect()
                return None
            except sqlite3.DatabaseError as error:
                log.info("the file of thumbnails is damaged (%s) and is recreated", error)
            try:
                self._recreate_file()
                return self._attempt(work)
            except (sqlite3.Error, OSError) as error:
                log.info("thumbnails: %s", error)
                self._disconnect()
                return None

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._connect()
        with self._connection:
            return work(self._connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_LOCK_TIMEOUT_S, check_same_thread=False)
        try:
            # Without waiting for the disk, a killed process does no harm; a power failure may
            # damage the file, which is then recreated.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.execute(_CREATE_TABLE)
            columns = [row[1] for row in connection.execute("PRAGMA table_info(thumbnails)")]
            if columns != ["photo_id", "jpeg"]:
                raise sqlite3.DatabaseError(f"columns {columns}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _recreate_file(self) -> None:
        self._disconnect()
        for suffix in ("", "-journal"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

"""One SQLite file: the writer's lock, the only writing connection, pooled reading ones, and what
its errors mean."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import DiskFull, EngineError, FolderProblem, LibraryInUse, StoreDamaged
from engine.store.photo_values.folded_text import folded, folder_name

if TYPE_CHECKING:
    from filelock import BaseFileLock

BUSY_TIMEOUT_S = 5.0
_DAMAGE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_NO_TEXT = "Could not decode to UTF-8"
"""Python's words for a text that SQLite has given it."""
DAMAGED_SUFFIX = ".damaged"
"""Of a file beside a library that was found damaged while it was open."""
RESTORE_HINT = "Put the last backup back"
_WAL_LIMIT_BYTES = 64 * 1024 * 1024


class Database:
    """Connections to one file. Thread-safe.

    SQLite before 3.51.3 can corrupt a WAL when two connections write or checkpoint at once.
    Therefore exactly one connection ever does either, behind a lock; every other one is opened
    with ``mode=ro`` and can do neither. Nothing is memory-mapped, so that a damaged file gives
    an error and not a dead process.

    Args:
        read_only: open no writing connection at all; ``writing`` then raises RuntimeError.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._pool: list[sqlite3.Connection] = []
        self._pool_lock = threading.Lock()
        self._write_lock = threading.RLock()
        self._closed = False
        self._writer: sqlite3.Connection | None = None
        with translated("opening the library", path):
            if not read_only:
                self._writer = _connect(path.as_posix(), uri=False)
                self._writer.execute("PRAGMA journal_mode = WAL")
                self._writer.execute("PRAGMA synchronous = NORMAL")
                self._writer.execute("PRAGMA foreign_keys = ON")
                self._writer.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
            self._query = "?mode=ro"
            first = self._open_reader()
        self._pool.append(first)

    @contextlib.contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction on the writing connection; rolled back if the block raises.

        Args:
            durable: it is on the disk after the block; else a power cut, but no kill, may undo
                the last ones.

        Raises:
            DiskFull, StoreDamaged: see ``engine.errors``.
        """
        with self._write_lock:
            if self._writer is None:
                raise RuntimeError("this library is closed, or open for reading only")
            connection = self._writer
            with self._noticing_damage("writing to the library"):
                if durable:
                    connection.execute("PRAGMA synchronous = FULL")
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    # A full disk may have rolled back already.
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
                finally:
                    if durable:
                        connection.execute("PRAGMA synchronous = NORMAL")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A reading connection whose statements all see the same moment. Keep the block short:
        while it lasts, the write-ahead log cannot be emptied."""
        with self._noticing_damage("reading the library"):
            connection = self._borrow()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._give_back(connection)

    def close(self) -> None:
        """Checkpoint and close; with no other process reading, no ``-wal`` file is left."""
        with self._pool_lock:
            self._closed = True
            idle, self._pool = self._pool, []
        for connection in idle:
            connection.close()
        with self._write_lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            # A full disk must not keep the library from closing: the log holds everything.
            with contextlib.suppress(sqlite3.Error):
                writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            writer.close()

    def size_bytes(self) -> int:
        """Of the file and its log."""
        log = self.path.with_name(f"{self.path.name}-wal")
        return sum(part.stat().st_size for part in (self.path, log) if part.exists())

    def report_damage(self) -> None:
        """Let the next opening for writing offer to restore the library."""
        if self._writer is not None:
            with contextlib.suppress(OSError):
                self.path.with_suffix(DAMAGED_SUFFIX).touch()

    @contextlib.contextmanager
    def _noticing_damage(self, operation: str) -> Iterator[None]:
        try:
            with translated(operation, self.path):
                yield
        except StoreDamaged as error:
            if is_damage(error):
                self.report_damage()
            raise

    def _borrow(self) -> sqlite3.Connection:
        with self._pool_lock:
            if self._closed:
                raise RuntimeError("this library is closed")
            if self._pool:
                return self._pool.pop()
        return self._open_reader()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._pool_lock:
            if not self._closed:
                self._pool.append(connection)
                return
        connection.close()

    def _open_reader(self) -> sqlite3.Connection:
        uri = self.path.absolute().as_uri()
        connection = _connect(uri + self._query, uri=True)
        try:
            try:
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            except sqlite3.OperationalError as error:
                # A folder that cannot be written has no room for the -shm file; nobody else can
                # be writing there either.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN or self._writer:
                    raise
                connection.close()
                self._query = "?mode=ro&immutable=1"
                connection = _connect(uri + self._query, uri=True)
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
        return connection


def _connect(where: str, *, uri: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        where,
        uri=uri,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # transactions begin where this module says so
        check_same_thread=False,  # the pool hands a connection to one thread at a time
    )
    connection.execute("PRAGMA mmap_size = 0")
    connection.execute("PRAGMA cache_size = -16384")
    for function in (folded, folder_name):
        connection.create_function(function.__name__, 1, function, deterministic=True)
    return connection


@contextlib.contextmanager
def translated(operation: str, path: Path) -> Iterator[None]:
    """Turn SQLite's errors into the ones people are shown; a bug stays what it is.

    Raises:
        DiskFull, StoreDamaged, LibraryInUse
    """
    try:
        yield
    except UnicodeDecodeError as error:  # even a message may quote what is damaged
        raise _damaged(operation, path) from error
    except sqlite3.DatabaseError as error:
        meant = meaning(error, operation, path)
        if meant is None:
            raise
        raise meant from error


def is_damage(error: StoreDamaged) -> bool:
    """Whether SQLite found the file damaged, rather than out of reach."""
    cause = error.__cause__
    if not isinstance(cause, sqlite3.DatabaseError):
        return True
    code = (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF
    return code in _DAMAGE or str(cause).startswith(_NO_TEXT)


def meaning(error: sqlite3.DatabaseError, operation: str, path: Path) -> EngineError | None:
    """The environment's part in an SQLite error, None if the code is to blame."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(
            "The disk is full; the library could not be written.",
            operation=operation,
            path=path,
            hint="Free some space, then go on; nothing is lost.",
        )
    if code in _DAMAGE or str(error).startswith(_NO_TEXT):
        return _damaged(operation, path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LibraryInUse(
            "Another program is holding the library's database.",
            operation=operation,
            path=path,
            hint="Close the other program and try again.",
        )
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return StoreDamaged(
            f"The library's database cannot be used ({error}).",
            operation=operation,
            path=path,
            hint="Check that the disk is connected and can be written.",
        )
    return None


def _damaged(operation: str, path: Path) -> StoreDamaged:
    return StoreDamaged(
        "The library's database is damaged or is not a database.",
        operation=operation,
        path=path,
        hint=f"{RESTORE_HINT}.",
    )


def make_folder(root: Path) -> None:
    """Make the folder of a library.

    Raises:
        FolderProblem, DiskFull: it cannot be made.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _folder_error(root, error) from error


def acquire_lock(path: Path) -> BaseFileLock:
    """Become the one process that writes to a library, until the lock is released.

    Raises:
        LibraryInUse: another one is.
        FolderProblem, DiskFull: the file cannot be made.
    """
    from filelock import FileLock, Timeout

    # Not tied to a thread: the library may be closed by another thread than opened it.
    lock = FileLock(path, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise LibraryInUse(
            "Another program is using this library.",
            operation="opening the library",
            path=path.parent,
            hint="Close the other Pickout, or the command that is still running.",
        ) from None
    except OSError as error:
        raise _folder_error(path.parent, error) from error
    return lock


def _folder_error(root: Path, error: OSError) -> EngineError:
    kind = DiskFull if error.errno == errno.ENOSPC else FolderProblem
    reason = error.strerror or str(error)
    with contextlib.suppress(OSError):
        if root.exists() and not root.is_dir():
            reason = "it is a file"
    return kind(
        f"The library's folder cannot be used ({reason}).",
        operation="opening the library",
        path=root,
        hint="Choose another folder for the library.",
    )

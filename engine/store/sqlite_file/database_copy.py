"""A copy of a database file, under its final name only once it was found to be whole."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.errors import DiskFull, FolderProblem, StoreDamaged
from engine.paths import sync_folder
from engine.store.sqlite_file.database import RESTORE_HINT, translated

Between = Callable[[], None]
"""Called every few milliseconds; what it raises ends the work."""

_COPYING = "copying the library"
_PAGES = 256
"""Copied between two calls of ``between``: a megabyte."""
_STEPS = 200_000
"""Of SQLite's machine between two calls of ``between`` in a long statement."""


def copy(source: sqlite3.Connection, target: Path) -> None:
    """Copy a whole database to ``target``.

    Raises:
        DiskFull: there is no room; nothing is left behind.
        FolderProblem: the target cannot be written.
        StoreDamaged: the source is damaged.
    """
    with whole_or_nothing(target) as fresh:
        fill(source, fresh)


def fill(source: sqlite3.Connection, fresh: Path, between: Between = lambda: None) -> None:
    """Copy everything that ``source`` sees now to a new file, also while others write to it.

    Raises:
        sqlite3.Error: the source cannot be read, or the file cannot be written.
    """
    made = sqlite3.connect(fresh, isolation_level=None)
    try:
        source.backup(made, pages=_PAGES, progress=lambda *_: between(), sleep=0)
        made.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    finally:
        made.close()


@contextlib.contextmanager
def whole_or_nothing(target: Path, between: Between = lambda: None) -> Iterator[Path]:
    """Let the block write a database, check it, and rename it to ``target``; whatever goes wrong,
    nothing of it is left and what lay at ``target`` stays.

    Raises:
        DiskFull, FolderProblem: it cannot be written.
        StoreDamaged: it is damaged.
    """
    fresh = target.with_name(f"{target.name}.part")
    with disk_errors(_COPYING, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        remove(fresh)
        try:
            with translated(_COPYING, target):
                yield fresh
                check(fresh, between)
            with open(fresh, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(fresh, target)
            sync_folder(target.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                remove(fresh)
            raise


def check(path: Path, between: Between = lambda: None) -> None:
    """Read all of a database that nobody writes to.

    Raises:
        StoreDamaged: it is damaged.
    """
    with translated("checking a copy of the library", path):
        connection = open_copy(path)
        try:
            with calling(connection, between):
                faults = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
        finally:
            connection.close()
    if faults != ["ok"]:
        raise StoreDamaged(
            f"The library's database is damaged ({faults[0]}).",
            operation="checking a copy of the library",
            path=path,
            hint=f"{RESTORE_HINT}.",
        )


@contextlib.contextmanager
def calling(connection: sqlite3.Connection, between: Between) -> Iterator[None]:
    """Call ``between`` during the long statements of the block, and raise what it raises."""
    stop: list[BaseException] = []

    def step() -> int:
        try:
            between()
        except BaseException as reason:  # SQLite would only say that it was interrupted
            stop.append(reason)
        return len(stop)

    connection.set_progress_handler(step, _STEPS)
    try:
        yield
    except sqlite3.OperationalError:
        if stop:
            raise stop[0] from None
        raise
    finally:
        connection.set_progress_handler(None, 0)


def open_copy(path: Path) -> sqlite3.Connection:
    """Read a database that nobody else has open, without leaving anything beside it."""
    connection = sqlite3.connect(copy_uri(path), uri=True, isolation_level=None)
    connection.execute("PRAGMA mmap_size = 0")
    return connection


def copy_uri(path: Path) -> str:
    """The address of a database that nobody writes to."""
    return f"{path.absolute().as_uri()}?mode=ro&immutable=1"


def remove(path: Path) -> None:
    """Delete a database file and what SQLite puts beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextlib.contextmanager
def disk_errors(operation: str, target: Path) -> Iterator[None]:
    """Turn errors of the file system into the ones people are shown.

    Raises:
        DiskFull, FolderProblem
    """
    try:
        yield
    except OSError as error:
        kind = DiskFull if error.errno == errno.ENOSPC else FolderProblem
        raise kind(
            f"The library could not be copied ({error.strerror or error}).",
            operation=operation,
            path=target,
            hint="Free some space." if kind is DiskFull else "Choose another place.",
        ) from error

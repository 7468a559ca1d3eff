"""``Store`` in one SQLite file: opened under the writer's lock, one object for each table."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import DiskFull, EngineError, FolderProblem, LibraryInUse, StoreDamaged
from engine.paths import LibraryPaths
from engine.store import migrations
from engine.store.constraints import CONSTRAINTS
from engine.store.counts import Counts
from engine.store.database import Database
from engine.store.failures import Failures
from engine.store.files import Files
from engine.store.folders import Folders
from engine.store.model_answers import ModelAnswers
from engine.store.photos import Photos
from engine.store.profiles import Profiles, profile_id
from engine.store.regions import Regions
from engine.store.results import Results

if TYPE_CHECKING:
    from filelock import BaseFileLock


class SqliteStore:
    """See ``Store`` for what it promises. SQLite keeps one moment for each reading method, and one
    writing connection behind a lock.

    Attributes:
        folders, files, photos, profiles, regions, failures, results, counts, model_answers:
            its tables.
        read_only: every method that writes raises.
    """

    def __init__(self, db: Database, lock: BaseFileLock | None, *, read_only: bool) -> None:
        """``lock``: released when the store is closed."""
        self.read_only = read_only
        self._db = db
        self._lock = lock
        self.folders = Folders(db)
        self.files = Files(db)
        self.photos = Photos(db)
        self.profiles = Profiles(db)
        self.regions = Regions(db)
        self.failures = Failures(db)
        self.results = Results(db)
        self.counts = Counts(db)
        self.model_answers = ModelAnswers(db, read_only)

    @classmethod
    def open(cls, paths: LibraryPaths, *, read_only: bool = False) -> SqliteStore:
        """Open the store, making it unless ``read_only``.

        Raises:
            LibraryInUse, StoreTooNew, StoreDamaged, DiskFull: see ``engine.errors``.
            FolderProblem: the library's folder cannot be made or written, or (``read_only``)
                there is no library in it.
        """
        if read_only:
            return cls(_open_for_reading(paths), None, read_only=True)
        _make_folder(paths.root)
        lock = _acquire_lock(paths.lock)
        try:
            migrations.migrate(paths.store)
            return cls(Database(paths.store), lock, read_only=False)
        except BaseException:
            lock.release()
            raise

    def profile_id(self, key: str, ndim: int, description: str) -> int:
        """See ``Store``."""
        return profile_id(self._db, key, ndim, description, read_only=self.read_only)

    def faults(self) -> tuple[str, ...]:
        """See ``Store``: SQLite's own check of the file, foreign keys, and our constraints."""
        with self._db.reading() as connection:
            found = [row[0] for row in connection.execute("PRAGMA quick_check(20)")]
            faults = [f"database: {text}" for text in found if text != "ok"]
            for table, rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
                faults.append(f"database: row {rowid} of {table} points to no row of {parent}")
            for query, meaning in CONSTRAINTS.items():
                count = connection.execute(query).fetchone()[0]
                if count:
                    faults.append(f"database: {count} {meaning}")
        return tuple(faults[:50])

    def close(self) -> None:
        """Checkpoint, close all connections, release the lock."""
        self._db.close()
        if self._lock is not None:
            self._lock.release()


def _open_for_reading(paths: LibraryPaths) -> Database:
    if not paths.store.is_file():
        raise FolderProblem(
            "There is no library in this folder.",
            operation="opening the library",
            path=paths.root,
            hint="Add a folder of photos to it first.",
        )
    db = Database(paths.store, read_only=True)
    try:
        with db.reading() as connection:
            migrations.refuse_newer(connection, paths.store)
            if not migrations.is_current(connection):
                raise StoreDamaged(
                    "This library was written by an older version of Pickout.",
                    operation="opening the library",
                    path=paths.store,
                    hint="Open it once for writing; that brings it up to date.",
                )
    except BaseException:
        db.close()
        raise
    return db


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _folder_error(root, error) from error


def _acquire_lock(path: Path) -> BaseFileLock:
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

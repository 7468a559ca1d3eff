"""``Store`` in one SQLite file: opened under the writer's lock, one object for each table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import FolderProblem, StoreDamaged
from engine.paths import LibraryPaths
from engine.store import migrations
from engine.store.constraints import CONSTRAINTS
from engine.store.counts import Counts
from engine.store.edits import Edits
from engine.store.failures import Failures
from engine.store.files import Files
from engine.store.folders import Folders
from engine.store.model_answers import ModelAnswers
from engine.store.photos import Photos
from engine.store.profiles import Profiles, profile_id
from engine.store.regions import Regions
from engine.store.results import Results
from engine.store.sqlite_file import database_copy
from engine.store.sqlite_file.database import Database, acquire_lock, make_folder
from engine.store.sqlite_file.database_copy import Between

if TYPE_CHECKING:
    from filelock import BaseFileLock


class SqliteStore:
    """See ``Store`` for what it promises. SQLite keeps one moment for each reading method, and one
    writing connection behind a lock.

    Attributes:
        folders, files, photos, profiles, regions, failures, results, counts, model_answers, edits:
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
        self.edits = Edits(db)

    @classmethod
    def open(
        cls,
        paths: LibraryPaths,
        *,
        read_only: bool = False,
        prepare: Callable[[LibraryPaths], None] = lambda paths: None,
    ) -> SqliteStore:
        """Open the store, making it unless ``read_only``.

        Args:
            prepare: called before a store is opened for writing, under the writer's lock; it may
                refuse that by raising.

        Raises:
            LibraryInUse, StoreTooNew, StoreDamaged, DiskFull: see ``engine.errors``.
            FolderProblem: the library's folder cannot be made or written, or (``read_only``)
                there is no library in it.
        """
        if read_only:
            return cls(_open_for_reading(paths), None, read_only=True)
        make_folder(paths.root)
        lock = acquire_lock(paths.lock)
        try:
            prepare(paths)
            migrations.migrate(paths.store)
            return cls(Database(paths.store), lock, read_only=False)
        except BaseException:
            lock.release()
            raise

    def profile_id(self, key: str, ndim: int, description: str) -> int:
        """See ``Store``."""
        return profile_id(self._db, key, ndim, description, read_only=self.read_only)

    def faults(self) -> tuple[str, ...]:
        """See ``Store``: SQLite's own check of the file, which compares rows with their indexes and
        so notices most numbers and texts that differ; edits, foreign keys, our constraints."""
        with self._db.reading() as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
            faults = [f"database: {text}" for text in found if text != "ok"]
            faults += self.edits.faults()
            if faults:
                self._db.report_damage()
            for table, rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
                faults.append(f"database: row {rowid} of {table} points to no row of {parent}")
            for query, meaning in CONSTRAINTS.items():
                count = connection.execute(query).fetchone()[0]
                if count:
                    faults.append(f"database: {count} {meaning}")
        return tuple(faults[:50])

    def copy(self, fresh: Path, between: Between) -> None:
        """Write a copy of this moment to a new file; others may read and write meanwhile.

        Raises:
            sqlite3.Error: the file cannot be written, or this one cannot be read.
        """
        with self._db.reading() as connection:
            database_copy.fill(connection, fresh, between)

    @property
    def reading_uri(self) -> str:
        """Where SQLite may read the database, as long as this is open."""
        return f"{self._db.path.absolute().as_uri()}?mode=ro"

    def size_bytes(self) -> int:
        """Of the database and its log."""
        return self._db.size_bytes()

    def report_damage(self) -> None:
        """A copy was found damaged: the next opening for writing says so."""
        self._db.report_damage()

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

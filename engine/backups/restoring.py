"""Puts a backup in the place of a library that is closed, or what can still be read of it."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.backups import kept_files, table_copy
from engine.backups.backup_folder import BackupFolder
from engine.decode.thumbnails import ThumbnailCache
from engine.errors import BadRequest, StoreDamaged
from engine.paths import LibraryPaths, sync_folder
from engine.records import Backup, BackupKind, RestoreReport
from engine.store import migrations
from engine.store.sqlite_file import database_copy
from engine.store.sqlite_file.database import RESTORE_HINT, acquire_lock, make_folder

log = logging.getLogger(__name__)

_RESTORING = "restoring the library"


def restore(paths: LibraryPaths, which: str | Path | None = None) -> RestoreReport:
    """Put a backup in the place of the library, which is kept as a restore point first.

    The search index is made again. A kill leaves the old library or the restored one.

    Args:
        which: a backup's name or the beginning of it, or any file with a library; None for the
            newest backup that is whole and sound.

    Raises:
        BadRequest: there is no such backup.
        StoreDamaged: the chosen one, or every one, is damaged; the library is as it was.
        StoreTooNew: a newer Pickout has written it.
        LibraryInUse: the library is open. DiskFull, FolderProblem: no room for the copy.
    """
    with _locked(paths):
        chosen = _chosen(BackupFolder(paths.backups), which)
        for source in chosen[:-1]:
            try:
                return _put_in_place(paths, source, _copied(source))
            except StoreDamaged as error:
                log.info("the backup %s is of no use: %s", source, error)
        return _put_in_place(paths, chosen[-1], _copied(chosen[-1]))


def salvage(paths: LibraryPaths) -> RestoreReport:
    """Put what can still be read of the library into a new one, in its place; the damaged one is
    kept as a restore point.

    Raises:
        StoreDamaged: nothing can be read; the library is as it was.
        NotALibrary, StoreTooNew: another program or a newer Pickout has written it.
        LibraryInUse, DiskFull, FolderProblem: as for ``restore``.
    """
    with _locked(paths):
        if not paths.store.is_file():
            raise BadRequest(
                "There is no library here to read.", operation=_RESTORING, path=paths.store
            )

        def fill(fresh: Path) -> tuple[str, ...]:
            with _readable(paths.store) as source:
                migrations.refuse_newer(source, paths.store)
                return table_copy.salvage(source, fresh)

        return _put_in_place(paths, paths.store, fill)


def prepare(paths: LibraryPaths) -> None:
    """Look after a library before it is opened for writing: finish what was interrupted, refuse
    what is damaged. Under the writer's lock.

    Raises:
        StoreDamaged: the database was found damaged when it was last open, which is said once; or
            it is gone, though there are backups of it.
    """
    _complete(paths)
    if paths.damaged.exists():
        paths.damaged.unlink()
        raise StoreDamaged(
            "The library's database was found damaged when it was last open.",
            operation="opening the library",
            path=paths.store,
            hint=f"{RESTORE_HINT}. Or open it again, to go on with it as it is.",
        )
    gone = not paths.store.exists() or not paths.store.stat().st_size
    if gone and BackupFolder(paths.backups).all():
        raise StoreDamaged(
            "The library's database is gone, but there are backups of it.",
            operation="opening the library",
            path=paths.store,
            hint=f"{RESTORE_HINT}. To begin anew, move the folder “backups” away.",
        )


@contextlib.contextmanager
def _locked(paths: LibraryPaths) -> Iterator[None]:
    make_folder(paths.root)
    lock = acquire_lock(paths.lock)
    try:
        _complete(paths)
        yield
    finally:
        lock.release()


def _chosen(folder: BackupFolder, which: str | Path | None) -> list[Path]:
    """What to try, in this order."""
    backups = folder.all()
    if which is None:
        made = [one for one in backups if one.kind is not BackupKind.RESTORE_POINT]
        if made:
            return [one.path for one in made]
        raise BadRequest(
            "There is no backup of this library.",
            operation=_RESTORING,
            path=folder.path,
            hint="What can be read of it is put into a new one by: restore --salvage",
        )
    named = [one for one in backups if one.name == str(which)] or [
        one for one in backups if str(which) in one.name
    ]
    if len(named) == 1:
        return [named[0].path]
    if not named and Path(which).is_file():
        return [Path(which)]
    raise BadRequest(
        f"More than one backup is called {which}." if named else f"There is no backup {which}.",
        operation=_RESTORING,
        path=folder.path,
        hint=f"There are: {_names(named or backups)}.",
    )


def _names(backups: tuple[Backup, ...] | list[Backup]) -> str:
    return ", ".join(one.name for one in backups) or "none"


def _complete(paths: LibraryPaths) -> None:
    """Finish a restore that was killed between its two renames, and delete what else a killed
    process left of copies.

    Raises:
        FolderProblem, DiskFull: the files cannot be renamed.
    """
    folder = BackupFolder(paths.backups)
    folder.remove_leftovers()
    with contextlib.suppress(OSError):
        for path in paths.root.glob(f"{paths.store.name}.*.part*"):
            path.unlink(missing_ok=True)
    if not paths.restored.is_file():
        return
    with database_copy.disk_errors(_RESTORING, paths.store):
        if paths.store.exists():
            database_copy.remove(paths.restored)
        else:
            points = (one.path for one in folder.all() if one.kind is BackupKind.RESTORE_POINT)
            _take_its_place(paths, next(points, None))


def _copied(source: Path) -> Callable[[Path], tuple[str, ...]]:
    def fill(fresh: Path) -> tuple[str, ...]:
        with _readable(source) as connection:
            migrations.refuse_newer(connection, source)
            database_copy.fill(connection, fresh)
        return ()

    return fill


@contextlib.contextmanager
def _readable(source: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads a database with its log, or without a log that is damaged."""
    connection = sqlite3.connect(source, isolation_level=None)
    try:
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.DatabaseError:
            connection.close()
            connection = database_copy.open_copy(source)
        connection.execute("PRAGMA mmap_size = 0")
        yield connection
    finally:
        connection.close()


def _put_in_place(
    paths: LibraryPaths, source: Path, fill: Callable[[Path], tuple[str, ...]]
) -> RestoreReport:
    """Make the new database with ``fill``, check it, and swap."""
    with database_copy.whole_or_nothing(paths.restored) as fresh:
        lost = fill(fresh)
        migrations.migrate(fresh, keep_copy=False)
        files = kept_files.of(fresh)
        kept_files.remove(fresh)
        counts = _counts(fresh)
    with database_copy.disk_errors(_RESTORING, paths.store):
        if paths.store.exists():
            _empty_log(paths.store)
        _remove_wrong_thumbnails(paths)
        shutil.rmtree(paths.root / "index", ignore_errors=True)
        paths.damaged.unlink(missing_ok=True)
        point = None
        if paths.store.exists():
            paths.backups.mkdir(exist_ok=True)
            point = BackupFolder(paths.backups).free_name(BackupKind.RESTORE_POINT)
            # From here on ``prepare`` finishes what a kill interrupts.
            os.rename(paths.store, point)
        _take_its_place(paths, point)
        if paths.settings.name in files and not paths.settings.exists():
            kept_files.write(paths.settings, files[paths.settings.name])
    return RestoreReport(source, point, *counts, lost)


def _remove_wrong_thumbnails(paths: LibraryPaths) -> None:
    """Those whose number stands for another photo in the restored library, or may do so."""
    if not paths.thumbnails.exists():
        return
    before, after = _contents(paths.store), _contents(paths.restored)
    thumbnails = ThumbnailCache(paths.thumbnails)
    ids = thumbnails.ids()
    thumbnails.remove([i for i in ids if i not in after or before.get(i) != after[i]])
    thumbnails.close()


def _contents(library: Path) -> dict[int, bytes]:
    """Number of a photo -> hash of its content, as far as that can be read."""
    found: dict[int, bytes] = {}
    if library.exists():
        with contextlib.suppress(sqlite3.DatabaseError, UnicodeDecodeError):
            connection = database_copy.open_copy(library)
            try:
                found.update(connection.execute("SELECT id, content_hash FROM photos"))
            finally:
                connection.close()
    return found


def _empty_log(store: Path) -> None:
    """Put what its log holds into the database, if it is sound enough for that."""
    # Even a message of SQLite may quote bytes that are damaged.
    with contextlib.suppress(sqlite3.DatabaseError, UnicodeDecodeError):
        connection = sqlite3.connect(store, isolation_level=None)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()


def _take_its_place(paths: LibraryPaths, point: Path | None) -> None:
    """Rename the restored database, once nothing is left of the old one's log, which SQLite would
    apply to it."""
    for suffix in ("-wal", "-journal"):
        part = paths.store.with_name(paths.store.name + suffix)
        if part.exists() and point is not None:
            os.replace(part, point.with_name(point.name + suffix))
    database_copy.remove(paths.store)
    os.replace(paths.restored, paths.store)
    sync_folder(paths.root)


def _counts(library: Path) -> tuple[int, int, int, int]:
    """Folders, photos, edits, photos to look at again."""
    queries = (
        "SELECT count(*) FROM folders WHERE removed_at IS NULL",
        "SELECT count(*) FROM photos",
        "SELECT count(*) FROM edits WHERE undone = 0",
        "SELECT count(*) FROM photos WHERE id NOT IN (SELECT photo_id FROM indexings)",
    )
    connection = database_copy.open_copy(library)
    try:
        folders, photos, edits, to_index = (
            connection.execute(query).fetchone()[0] for query in queries
        )
        return folders, photos, edits, to_index
    finally:
        connection.close()

"""A library as one file, to be taken to another disk or computer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.backups import kept_files, restoring
from engine.backups.backup_folder import BackupFolder
from engine.errors import BadRequest, StoreDamaged
from engine.paths import LibraryPaths
from engine.records import RestoreReport
from engine.store.sqlite_file import database_copy
from engine.store.sqlite_file.database import is_damage
from engine.store.sqlite_file.database_copy import Between
from engine.store.sqlite_store import SqliteStore


def export(store: SqliteStore, files: Iterable[Path], target: Path, between: Between) -> None:
    """Write everything that a library holds to one file, as a whole backup; neither its photos nor
    what is derived from them without models (thumbnails, index).

    Raises:
        BadRequest: there is a file of this name.
        DiskFull, FolderProblem: it cannot be written; nothing is left of it.
        StoreDamaged: the library is damaged.
    """
    if target.exists():
        raise BadRequest(
            "There is a file of this name already.",
            operation="exporting the library",
            path=target,
            hint="Choose another name.",
        )
    try:
        with database_copy.whole_or_nothing(target, between) as fresh:
            store.copy(fresh, between)
            kept_files.put(fresh, kept_files.read(files))
    except StoreDamaged as error:
        if is_damage(error):
            store.report_damage()
        raise


def load(paths: LibraryPaths, source: Path) -> RestoreReport:
    """Make a library of an exported file, where there is none yet.

    Raises:
        BadRequest: there is a library, or no such file.
        StoreDamaged, StoreTooNew, LibraryInUse, DiskFull, FolderProblem: as for ``restore``.
    """
    if paths.store.exists() or BackupFolder(paths.backups).all():
        raise BadRequest(
            "There is a library here already.",
            operation="importing a library",
            path=paths.root,
            hint="Choose another folder with --library, or put the file in its place with: restore",
        )
    if not source.is_file():
        raise BadRequest("There is no such file.", operation="importing a library", path=source)
    return restoring.restore(paths, source)

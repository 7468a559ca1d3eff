"""Puts backups back, or what can be read of a damaged library, while the library is closed."""

from __future__ import annotations

from pathlib import Path

from engine.backups import library_file, restoring
from engine.backups.backup_folder import BackupFolder
from engine.errors import BadRequest
from engine.library.backend import Location, paths_of
from engine.paths import LibraryPaths
from engine.postgres.address import ServerAddress
from engine.records import Backup, RestoreReport


def backups_of(root: Location) -> tuple[Backup, ...]:
    """The backups of a library, newest first, whether it can be opened or not."""
    return BackupFolder(paths_of(root).backups).all()


def restore(root: Location, which: str | Path | None = None) -> RestoreReport:
    """Put a backup in the place of a library; see ``engine.backups.restoring``."""
    return restoring.restore(_paths(root), which)


def salvage(root: Location) -> RestoreReport:
    """Put what can be read of a damaged library into a new one in its place."""
    return restoring.salvage(_paths(root))


def load(root: Location, source: Path) -> RestoreReport:
    """Make a library of an exported file; see ``engine.backups.library_file``."""
    return library_file.load(_paths(root), source)


def _paths(root: Location) -> LibraryPaths:
    if isinstance(root, ServerAddress):
        raise BadRequest(
            "A library on a server is restored with the server.",
            operation="restoring the library",
            hint="Use pg_restore, or what the server's administrator has set up.",
        )
    return paths_of(root)

"""The folder of a library's backups: which there are, making one, and how many are kept."""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from engine.backups import kept_files, table_copy
from engine.errors import DiskFull, StoreDamaged
from engine.records import Backup, BackupKind
from engine.store.sqlite_file import database_copy
from engine.store.sqlite_file.database import RESTORE_HINT, is_damage
from engine.store.sqlite_file.database_copy import Between
from engine.store.sqlite_store import SqliteStore

log = logging.getLogger(__name__)

KEPT = 7
"""Backups that are kept: one a day for a week."""
KEPT_RESTORE_POINTS = 3
MOST_BYTES = 2 << 30
"""All backups together; beyond it, older ones keep the essentials only."""
SPARE_BYTES = 512 << 20
"""Left free on the disk by a whole backup; where it would not be, the essentials are kept."""
EVERY_S = 24 * 3600.0

_TIME = "%Y-%m-%d-%H%M%S"
_NAME = re.compile(rf"({'|'.join(BackupKind)})-(\d{{4}}-\d\d-\d\d-\d{{6}})(?:-\d+)?\.sqlite")


class BackupFolder:
    """Backups of one library. One thread at a time.

    Args:
        path: the folder; made with the first backup.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> tuple[Backup, ...]:
        """The newest first, restore points among them."""
        found = []
        with contextlib.suppress(OSError):
            for path in self.path.iterdir():
                named = _NAME.fullmatch(path.name)
                with contextlib.suppress(OSError, ValueError):
                    if named:
                        made_at = datetime.strptime(named[2], _TIME).replace(tzinfo=UTC)
                        kind = BackupKind(named[1])
                        found.append(Backup(path, kind, made_at.isoformat(), path.stat().st_size))
        return tuple(sorted(found, key=lambda one: (one.made_at, one.name), reverse=True))

    def is_due(self) -> bool:
        """Whether the newest backup is a day old, or from the future."""
        made = [one for one in self.all() if one.kind is not BackupKind.RESTORE_POINT]
        if not made:
            return True
        age = datetime.now(UTC) - datetime.fromisoformat(made[0].made_at)
        return not 0 <= age.total_seconds() < EVERY_S

    def make(
        self, store: SqliteStore, files: Iterable[Path], between: Between = lambda: None
    ) -> Backup:
        """Make and check a backup of this moment, then delete or reduce what is too old.

        It is whole if the disk has the room, else it holds the essentials. The store may be read
        and written meanwhile.

        Args:
            files: small files to keep with it.
            between: called every few milliseconds; what it raises ends the work.

        Raises:
            DiskFull, FolderProblem: it cannot be written; the older ones are still there.
            StoreDamaged: the library is damaged; the older ones are still there.
        """
        self.remove_leftovers()
        _refuse_damaged_edits(store, self.path)
        whole = self._free_bytes() - store.size_bytes() >= SPARE_BYTES
        path = self.free_name(BackupKind.WHOLE if whole else BackupKind.ESSENTIALS)
        try:
            with database_copy.whole_or_nothing(path, between) as fresh:
                if whole:
                    store.copy(fresh, between)
                else:
                    table_copy.copy_essentials(store.reading_uri, fresh, between)
                kept_files.put(fresh, kept_files.read(files))
        except DiskFull as error:
            raise DiskFull(
                "There is no room for a backup of the library.",
                operation="backing up the library",
                path=self.path,
                hint="Free some space. The backups made before are still there.",
            ) from error
        except StoreDamaged as error:
            if is_damage(error):
                store.report_damage()
            raise
        made = next(one for one in self.all() if one.path == path)
        self._rotate(between)
        return made

    def remove_leftovers(self) -> None:
        """Delete what a killed process left of a backup."""
        with contextlib.suppress(OSError):
            for path in self.path.glob("*.part*"):
                path.unlink(missing_ok=True)

    def free_name(self, kind: BackupKind) -> Path:
        """A path in the folder for a backup of now."""
        stem = f"{kind}-{datetime.now(UTC):{_TIME}}"
        path, number = self.path / f"{stem}.sqlite", 2
        while path.exists():
            path, number = self.path / f"{stem}-{number}.sqlite", number + 1
        return path

    def _rotate(self, between: Between) -> None:
        points = [one for one in self.all() if one.kind is BackupKind.RESTORE_POINT]
        made = [one for one in self.all() if one.kind is not BackupKind.RESTORE_POINT]
        for old in (*points[KEPT_RESTORE_POINTS:], *made[KEPT:]):
            database_copy.remove(old.path)
        total = sum(one.size_bytes for one in made[:KEPT])
        for old in reversed(made[1:KEPT]):
            if total > MOST_BYTES and old.kind is BackupKind.WHOLE:
                total -= old.size_bytes - self._reduce(old, between)

    def _reduce(self, backup: Backup, between: Between) -> int:
        """Keep the essentials of a whole backup; returns their bytes. One that is damaged is
        deleted."""
        reduced = backup.path.with_name(
            backup.name.replace(BackupKind.WHOLE, BackupKind.ESSENTIALS, 1)
        )
        try:
            with database_copy.whole_or_nothing(reduced, between) as fresh:
                table_copy.copy_essentials(database_copy.copy_uri(backup.path), fresh, between)
                kept_files.put(fresh, kept_files.of(backup.path))
        except (StoreDamaged, sqlite3.Error) as error:
            log.info("the backup %s is of no use and is deleted: %s", backup.name, error)
        database_copy.remove(backup.path)
        return reduced.stat().st_size if reduced.exists() else 0

    def _free_bytes(self) -> int:
        there = self.path if self.path.exists() else self.path.parent
        return shutil.disk_usage(there).free


def _refuse_damaged_edits(store: SqliteStore, folder: Path) -> None:
    """What cannot be made again is compared with its checksums, which SQLite knows nothing of."""
    faults = store.edits.faults()
    if faults:
        store.report_damage()
        raise StoreDamaged(
            f"The library is damaged ({faults[0]}).",
            operation="backing up the library",
            path=folder,
            hint=f"{RESTORE_HINT}.",
        )

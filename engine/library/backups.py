"""Backups of an open library; ``restoring`` puts one back while it is closed."""

from __future__ import annotations

import contextlib
from pathlib import Path

from engine.backups import library_file
from engine.backups.backup_folder import BackupFolder
from engine.errors import BadRequest, EngineError
from engine.jobs import Job, JobContext, Progress
from engine.library.components import LibraryComponents
from engine.records import Backup
from engine.store.sqlite_store import SqliteStore

_BACKING_UP = "backing up the library"


class LibraryBackups:
    """Makes a backup a day (lane ``backup``); searches, indexing and the window go on meanwhile.
    Thread-safe."""

    def __init__(self, components: LibraryComponents) -> None:
        self._components = components
        self._folder = BackupFolder(components.paths.backups)

    def all(self) -> tuple[Backup, ...]:
        """The newest first; a library on a server has none here."""
        return self._folder.all()

    def make(self) -> Job[Backup]:
        """Copy what the library holds now and check the copy. What is too old is deleted or
        reduced, see ``BackupFolder``.

        The job raises DiskFull or FolderProblem if it cannot be written, and StoreDamaged if the
        library is damaged; the status then says so, and the earlier backups are kept.

        Raises:
            BadRequest: the library was opened for reading only, or is on a server.
        """
        self._components.refuse_if_read_only(_BACKING_UP)
        self._local_store()
        return self._components.lanes.backup.submit("backup", self._make)

    def export(self, target: Path) -> Job[Path]:
        """Write the library to one file, without its photos (lane ``backup``).

        The job raises BadRequest (there is such a file), DiskFull, FolderProblem, StoreDamaged.

        Raises:
            BadRequest: the library is on a server.
        """
        store = self._local_store()
        components = self._components

        def work(context: JobContext) -> Path:
            context.report(Progress("Writing the library to a file"))
            files = [components.paths.settings]
            library_file.export(store, files, target, lambda: components.give_way(context))
            return target

        return components.lanes.backup.submit("export the library", work)

    def start_if_due(self) -> Job[Backup | None] | None:
        """Make one in the background if the newest is a day old. Returns at once: None if none is
        due, or for a library that makes none."""
        components = self._components
        store = components.store
        if store.read_only or not isinstance(store, SqliteStore):
            return None
        if self._folder.is_due() and store.folders.paths():
            with contextlib.suppress(RuntimeError):  # the library is being closed
                return components.lanes.backup.submit("daily backup", self._make_if_due)
        return None

    def _local_store(self) -> SqliteStore:
        store = self._components.store
        if isinstance(store, SqliteStore):
            return store
        raise BadRequest(
            "A library on a server is backed up with the server.",
            operation=_BACKING_UP,
            hint="Use pg_dump, or what the server's administrator has set up.",
        )

    def _make_if_due(self, context: JobContext) -> Backup | None:
        """Asked again in the lane: another one may have been made meanwhile."""
        return self._make(context) if self._folder.is_due() else None

    def _make(self, context: JobContext) -> Backup:
        components = self._components
        context.report(Progress("Backing up the library"))
        try:
            backup = self._folder.make(
                self._local_store(),
                [components.paths.settings],
                lambda: components.give_way(context),
            )
        except EngineError as error:
            components.change_log.set_note(
                "backup", " ".join(filter(None, (error.message, error.hint)))
            )
            raise
        components.change_log.set_note("backup", "")
        return backup

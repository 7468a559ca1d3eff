"""Brings the store's files in line with what lies in the watched folders. Models play no part."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.decode.thumbnails import ThumbnailCache
from engine.errors import FolderProblem
from engine.jobs import CancelToken, JobContext, Progress
from engine.records import FolderId, LibraryChanges
from engine.store.store import Store
from engine.watch import changes, scanner

_STAGE = "Looking through folders"
_KEEP_MISSING = timedelta(days=30)
"""How long what was found in a deleted photo is kept: it may come back, or turn up elsewhere."""


class FolderScan:
    """Scans one folder after the other; two callers wait for each other. Any thread.

    Args:
        library_root: never looked into, should it lie below a folder.
    """

    def __init__(self, store: Store, thumbnails: ThumbnailCache, library_root: Path) -> None:
        self._store = store
        self._thumbnails = thumbnails
        self._library_root = library_root
        self._lock = threading.Lock()

    def scan(
        self, context: JobContext, folder_ids: Iterable[FolderId] | None = None
    ) -> LibraryChanges:
        """Look through these folders (None: all of them).

        A folder that cannot be reached is offline: everything found in it stays as it is. In a
        folder that can, a file that is not there is missing.

        Raises:
            Cancelled: between two files; what was seen of whole folders so far stays.
            DiskFull: as the name says.
        """
        found = LibraryChanges()
        while not self._lock.acquire(timeout=0.1):
            context.cancel.raise_if_set()
        try:
            paths = self._store.folders.paths()
            wanted = [i for i in paths if folder_ids is None or i in set(folder_ids)]
            for number, folder_id in enumerate(wanted):
                path = paths[folder_id]
                context.report(Progress(_STAGE, number, len(wanted), current=path.name))
                found |= self._scan_one(folder_id, path, context.cancel)
            if folder_ids is None:
                self._forget_long_missing(context.cancel)
        finally:
            self._lock.release()
        return found

    def purge_removed(self, context: JobContext) -> LibraryChanges:
        """Delete what removed folders have left, in steps that hold nobody up."""
        found = LibraryChanges()
        while (forgotten := self._store.folders.purge()) is not None:
            self._thumbnails.remove(forgotten)
            found |= LibraryChanges(photos=frozenset(forgotten), folders=True)
            context.cancel.raise_if_set()
            time.sleep(0)  # let a waiting writer have its turn
        return found

    def _scan_one(self, folder_id: FolderId, path: Path, cancel: CancelToken) -> LibraryChanges:
        try:
            seen = scanner.scan_folder(path, cancel=cancel, exclude=(self._library_root,))
        except FolderProblem:
            return LibraryChanges(folders=self._store.folders.set_online(folder_id, False))
        news = self._store.folders.set_online(folder_id, True)
        difference = changes.diff(seen.files, self._store.files.present(folder_id), seen.unseen)
        new = [*difference.added, *difference.changed]
        photos = self._store.files.record_found(
            folder_id, ((f.rel_path, f.size_bytes, f.mtime_ns) for f in new)
        )
        photos |= self._store.files.record_missing(folder_id, difference.gone)
        skips = [(s.rel_path, s.kind, s.message, s.hint) for s in seen.skipped]
        problems = self._store.files.record_skipped(folder_id, skips)
        self._store.folders.record_scan(folder_id)
        changed = news or bool(new) or bool(difference.gone)
        return LibraryChanges(frozenset(photos), folders=changed, problems=problems or changed)

    def _forget_long_missing(self, cancel: CancelToken) -> None:
        before = (datetime.now(UTC) - _KEEP_MISSING).isoformat(timespec="seconds")
        while (forgotten := self._store.files.delete_missing(before)) is not None:
            self._thumbnails.remove(forgotten)
            cancel.raise_if_set()

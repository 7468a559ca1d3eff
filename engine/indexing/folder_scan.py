"""Updates the store's list of files from the watched folders. No models are used."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath

from engine.decode.metadata.sidecars import versions
from engine.decode.thumbnails import Thumbnails
from engine.errors import FolderProblem
from engine.indexing.relocation import checked_moves
from engine.jobs import CancelToken, JobContext, Progress
from engine.records import FolderId, FolderMove, LibraryChanges
from engine.store.protocols.folder_table import LastScan
from engine.store.store import Store
from engine.watch import changes, losses, mounts, scanner
from engine.watch.rules import Rules
from engine.watch.scanner import FolderContents

_STAGE = "Looking through folders"
_KEEP_MISSING_FOR = timedelta(days=30)
"""How long the data of a deleted photo are kept: it may reappear, there or elsewhere."""


class FolderScan:
    """Scans folders one after the other; only one scan runs at a time. Thread-safe.

    Args:
        library_root: excluded from scans, in case it lies below a watched folder.
    """

    def __init__(self, store: Store, thumbnails: Thumbnails, library_root: Path) -> None:
        self._store = store
        self._thumbnails = thumbnails
        self._library_root = library_root
        self._lock = threading.Lock()

    def scan(
        self,
        context: JobContext,
        folder_ids: Iterable[FolderId] | None = None,
        *,
        believe: bool = False,
    ) -> LibraryChanges:
        """Compare these folders (None: all) with the store.

        A folder that cannot be reached, or that lacks too many photos, is marked offline and left
        as it was. In any other, a file that is not there is marked missing.

        Args:
            believe: files that are not there are gone, however many.

        Raises:
            Cancelled: between two files; folders scanned completely before stay recorded.
            DiskFull: as the name says.
        """
        with self._locked(context.cancel):
            return self._scan(context, folder_ids, believe)

    def relocate(
        self, context: JobContext, old: PurePath | str, new: Path
    ) -> tuple[FolderMove, ...]:
        """Go by the new place of folders from now on, see ``checked_moves``."""
        with self._locked(context.cancel):
            moves = checked_moves(self._store, self._library_root, old, new, context)
            for move in moves:
                self._store.folders.relocate(move.folder_id, move.new, mounts.volume_of(move.new))
        return moves

    @contextlib.contextmanager
    def _locked(self, cancel: CancelToken) -> Iterator[None]:
        while not self._lock.acquire(timeout=0.1):
            cancel.raise_if_set()
        try:
            yield
        finally:
            self._lock.release()

    def _scan(
        self, context: JobContext, folder_ids: Iterable[FolderId] | None, believe: bool
    ) -> LibraryChanges:
        found = LibraryChanges()
        paths = self._store.folders.paths()
        wanted = [i for i in paths if folder_ids is None or i in set(folder_ids)]
        for number, folder_id in enumerate(wanted):
            path = paths[folder_id]
            context.report(Progress(_STAGE, number, len(wanted), current=path.name))
            found |= self._scan_one(folder_id, path, context.cancel, believe)
        if found:
            # What a folder lacks may have been moved to one that was scanned after it.
            for folder_id in (self._store.folders.lacking() & paths.keys()) - {wanted[-1]}:
                found |= self._scan_one(folder_id, paths[folder_id], context.cancel, False)
        if folder_ids is None:
            self._delete_long_missing(context.cancel)
        return found

    def purge_removed(self, context: JobContext) -> LibraryChanges:
        """Delete the data of removed folders, in steps short enough for other writers."""
        found = LibraryChanges()
        while (deleted := self._store.folders.purge()) is not None:
            self._thumbnails.remove(deleted)
            found |= LibraryChanges(photos=frozenset(deleted), folders=True)
            context.cancel.raise_if_set()
            time.sleep(0)  # let a waiting writer have its turn
        return found

    def _scan_one(
        self, folder_id: FolderId, path: Path, cancel: CancelToken, believe: bool
    ) -> LibraryChanges:
        volume = mounts.volume_of(path)
        try:
            rules = Rules(self._store.folders.rules(folder_id))
            scanned = scanner.scan_folder(
                path, cancel=cancel, exclude=(self._library_root,), rules=rules
            )
        except FolderProblem:
            return LibraryChanges(folders=self._store.folders.set_online(folder_id, False))
        in_store = self._store.files.present(folder_id)
        last_scan = self._store.folders.last_scan(folder_id)
        if not believe:
            absent = losses.absent_mounts(last_scan.mounts, scanned, in_store)
            scanned = _without(scanned, absent)
        difference = changes.diff(scanned.files, in_store, scanned.unreadable_folders)
        lost = losses.lost_photos(difference, in_store)
        lost = [rel_path for rel_path in lost if not rules.leave_out_any_of(rel_path)]
        lacking = self._lacking(folder_id, lost, difference, in_store, volume, last_scan)
        if lacking and not believe:
            return LibraryChanges(folders=self._store.folders.set_online(folder_id, False, lacking))
        came_online = self._store.folders.set_online(folder_id, True)
        new = [*difference.added, *difference.changed]
        photos = self._store.files.record_found(
            folder_id, ((f.rel_path, f.size_bytes, f.mtime_ns) for f in new)
        )
        photos |= self._store.files.record_missing(folder_id, difference.gone)
        sidecars = self._record_sidecars(folder_id, scanned)
        skips = [(s.rel_path, s.kind, s.message, s.hint) for s in scanned.skipped]
        problems = self._store.files.record_skipped(folder_id, skips)
        counted = self._store.folders.record_scan(folder_id, volume, scanned.unread, scanned.mounts)
        changed = came_online or counted or bool(new) or bool(difference.gone) or sidecars
        return LibraryChanges(frozenset(photos), folders=changed, problems=problems or changed)

    def _lacking(
        self,
        folder_id: FolderId,
        lost: list[str],
        difference: changes.FolderDiff,
        in_store: Mapping[str, tuple[int, int]],
        volume: str | None,
        last_scan: LastScan,
    ) -> int:
        """How many photos the folder lacks, if too many to be believed; else 0."""
        last_scan_ns = datetime.fromisoformat(last_scan.at).timestamp() * 1e9 if last_scan.at else 0
        replaced = losses.replaced_photos(difference, in_store, int(last_scan_ns))

        def too_many(lost: list[str]) -> int:
            return losses.too_many(
                lost,
                replaced,
                difference,
                len(in_store),
                other_volume=last_scan.volume is not None and last_scan.volume != volume,
            )

        if lost and too_many(lost):
            moved = self._store.files.held_elsewhere(folder_id, lost)
            lost = [rel_path for rel_path in lost if rel_path not in moved]
        return too_many(lost)

    def _record_sidecars(self, folder_id: FolderId, scanned: FolderContents) -> bool:
        """Note which photos have other metadata beside them than at the last scan; whether any."""
        found = versions((file.rel_path for file in scanned.files), scanned.sidecars)
        known = self._store.files.sidecars(folder_id)
        changed: list[tuple[str, str | None]] = [
            (path, version) for path, version in found.items() if known.get(path) != version
        ]
        present = {file.rel_path for file in scanned.files}
        changed += [(path, None) for path in known if path in present and path not in found]
        self._store.files.record_sidecars(folder_id, changed)
        return bool(changed)

    def _delete_long_missing(self, cancel: CancelToken) -> None:
        before = (datetime.now(UTC) - _KEEP_MISSING_FOR).isoformat(timespec="seconds")
        while (deleted := self._store.files.delete_missing(before)) is not None:
            self._thumbnails.remove(deleted)
            cancel.raise_if_set()


def _without(scanned: scanner.FolderContents, absent: Sequence[str]) -> scanner.FolderContents:
    """The contents without those of folders whose drives are not mounted, which are not known."""
    if not absent:
        return scanned
    below = tuple(f"{folder}/" for folder in absent)
    skips = tuple(
        scanner.SkippedEntry(
            folder,
            "unreadable",
            "The drive that was mounted here is not connected; its photos are kept.",
            "Connect it. Until then they stay as they are.",
        )
        for folder in absent
    )
    return replace(
        scanned,
        files=tuple(file for file in scanned.files if not file.rel_path.startswith(below)),
        skipped=(*scanned.skipped, *skips),
        unreadable_folders=(*scanned.unreadable_folders, *absent),
        mounts=(*scanned.mounts, *absent),
    )

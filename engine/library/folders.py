"""The watched folders of a library."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from pathlib import Path, PurePath

from engine.errors import BadRequest
from engine.indexing.folder_validation import validate_folder
from engine.indexing.index_scheduler import IndexScheduler
from engine.indexing.relocation import OPERATION
from engine.jobs import CancelToken, Job, JobContext
from engine.library.components import LibraryComponents
from engine.records import Folder, FolderId, FolderMove, LibraryChanges
from engine.watch.rescan_schedule import RescanIntervals
from engine.watch.rules import Rules
from engine.watch.watcher import FolderWatcher


class LibraryFolders:
    """Adding, removing, scanning and watching folders. Thread-safe.

    Args:
        scheduler: returns the index scheduler; it is built after this group, which it uses.
        back_up_if_due: called when watching starts and after every scan of a watched folder, of
            which there is one an hour at least.
    """

    def __init__(
        self,
        components: LibraryComponents,
        scheduler: Callable[[], IndexScheduler],
        back_up_if_due: Callable[[], object],
    ) -> None:
        self._components = components
        self._store = components.store
        self._change_log = components.change_log
        self._scheduler = scheduler
        self._back_up_if_due = back_up_if_due
        self._watcher: FolderWatcher | None = None
        self._lock = threading.Lock()

    def all(self) -> tuple[Folder, ...]:
        """The watched folders with their counts for the active profile."""
        return self._store.folders.all(self._components.profile_id)

    def add(self, path: Path) -> Folder:
        """Watch a folder and everything below it. Adding it twice changes nothing.

        Raises:
            FolderProblem: it does not exist, is not a folder, cannot be read, holds the library
                itself, or lies inside (or around) a folder that is watched already.
            BadRequest: the library was opened for reading only.
        """
        self._components.refuse_if_read_only("adding a folder")
        path = Path(path).expanduser().resolve()
        watched = self._store.folders.paths().values()
        validate_folder(path, self._components.paths.root, watched)
        folder_id = self._store.folders.add(path)
        self._change_log.record(LibraryChanges(folders=True))
        if self._watcher is not None:
            self._watcher.watch(path)
        return next(folder for folder in self.all() if folder.id == folder_id)

    def remove(self, folder_id: FolderId) -> None:
        """Stop watching a folder and delete what was derived from its photos. No photo file is
        touched.

        Its photos are out of every search at once; their data are deleted in lane ``io``.

        Raises:
            BadRequest: there is no such folder, or the library was opened for reading only.
        """
        self._components.refuse_if_read_only("removing a folder")
        path = self._store.folders.paths().get(folder_id)
        if path is None or not self._store.folders.mark_removed(folder_id):
            raise BadRequest("There is no such folder.", operation="removing a folder")
        self._change_log.record(LibraryChanges(folders=True, problems=True))
        if self._watcher is not None:
            self._watcher.unwatch(path)
        self.delete_removed()

    def scan(self) -> Job[LibraryChanges]:
        """Compare the folders with the store (lane ``io``); new files then wait to be indexed."""
        self._components.refuse_if_read_only("scanning the folders")
        return self._components.lanes.io.submit("scan", self.scan_now)

    def believe(self, folder_id: FolderId) -> Job[LibraryChanges]:
        """Say that the photos which a folder lacks are really gone, see ``Folder.lacking``: compare
        it with the store (lane ``io``), and believe what is not there to be deleted.

        What was made from those photos is kept for 30 days, in case they come back.

        Raises:
            BadRequest: there is no such folder, or the library was opened for reading only.
        """
        self._components.refuse_if_read_only("believing that photos are gone")
        if folder_id not in self._store.folders.paths():
            raise BadRequest("There is no such folder.", operation="believing that photos are gone")

        def work(context: JobContext) -> LibraryChanges:
            found = self._components.folder_scan.scan(context, [folder_id], believe=True)
            self._change_log.record(found)
            return found

        return self._components.lanes.io.submit("scan", work)

    def relocate(self, old: PurePath | str, new: Path) -> Job[tuple[FolderMove, ...]]:
        """Tell that watched folders are at another place now (lane ``io``): at another drive letter
        or mount point, or on another computer. Nothing is indexed again.

        Some of the photos are looked for at the new place first; of a few the bytes are compared.
        Once the new place counts it is the job's partial result, and a scan of it follows.

        Args:
            old: absolute, where a watched folder was, or what held several; it need not exist, and
                may be written as on another system.

        Raises:
            BadRequest: the library was opened for reading only. From the job: no watched folder
                was there.
            FolderProblem: from the job: the new place is not there, cannot be watched, or holds
                other photos; nothing was changed.
        """
        self._components.refuse_if_read_only(OPERATION)
        place = Path(new).expanduser().resolve()

        def work(context: JobContext) -> tuple[FolderMove, ...]:
            moves = self._components.folder_scan.relocate(context, old, place)
            self._change_log.record(LibraryChanges(folders=True))
            if self._watcher is not None:
                for move in moves:
                    self._watcher.unwatch(move.old)
                    self._watcher.watch(move.new)
            context.publish(moves)
            self.scan_now(context, [move.folder_id for move in moves])
            return moves

        return self._components.lanes.io.submit("relocate", work)

    def rules(self, folder_id: FolderId) -> str:
        """A folder's own rules for what is left out, besides ``watch.rules.DEFAULT_RULES``."""
        return self._store.folders.rules(folder_id)

    def set_rules(self, folder_id: FolderId, rules: str) -> None:
        """Change a folder's own rules: lines in the syntax of .gitignore files, which go before the
        default rules. The next scan goes by them; photos that they leave out are no more found.

        Raises:
            BadRequest: a line is no pattern, or the library was opened for reading only.
        """
        self._components.refuse_if_read_only("changing rules")
        Rules(rules)
        self._store.folders.set_rules(folder_id, rules)

    def count_left_out(
        self, folder_id: FolderId, rules: str, cancel: CancelToken
    ) -> tuple[int, int]:
        """How many of the photo files that are in the library now such rules would leave out, and
        how many there are. Only the store is read, and no folder; of 100,000 files it takes a
        second or two.

        Raises:
            BadRequest: a line is no pattern.
            Cancelled: as the name says.
        """
        wanted = Rules(rules)
        files = self._store.files.present(folder_id)
        count = 0
        for left_out in wanted.left_out_among(files):
            cancel.raise_if_set()
            count += left_out
        return count, len(files)

    def start_watching(self) -> None:
        """Scan all folders now and after every change in them, and index what is new."""
        self._components.refuse_if_read_only("watching folders")
        with self._lock:
            if self._watcher is None:
                settings = self._components.profile_setting.settings
                often_s = settings.rescan_minutes * 60
                intervals = RescanIntervals(
                    unwatched_rescan_s=min(RescanIntervals().unwatched_rescan_s, often_s),
                    watched_rescan_s=often_s,
                )
                self._watcher = FolderWatcher(self._scan_and_index, intervals=intervals)
        # The watcher scans each folder as it starts; the scheduler takes up files left over.
        for path in self._store.folders.paths().values():
            self._watcher.watch(path)
        self._scheduler().start(scan=False)
        self._back_up_if_due()

    def stop_watching(self, timeout_s: float) -> None:
        """End the watcher's thread; for closing the library."""
        if self._watcher is not None:
            self._watcher.close(timeout_s)

    @property
    def watcher_note(self) -> str:
        """Why some folders cannot be watched live; empty if all can."""
        return self._watcher.warning if self._watcher else ""

    def scan_now(
        self, context: JobContext, folder_ids: Collection[FolderId] | None = None
    ) -> LibraryChanges:
        """Scan in the calling thread, which must be that of a job; None: all folders."""
        found = self._components.folder_scan.scan(context, folder_ids)
        self._change_log.record(found)
        return found

    def delete_removed(self) -> None:
        """Go on deleting what removed folders left in the store (lane ``io``)."""

        def work(context: JobContext) -> None:
            self._change_log.record(self._components.folder_scan.purge_removed(context))

        self._components.lanes.io.submit("delete removed folders", work)

    def _scan_and_index(self, path: Path) -> None:
        """A file changed below this folder. Called in the watcher's thread."""

        def work(context: JobContext) -> LibraryChanges:
            ids = [i for i, root in self._store.folders.paths().items() if root == path]
            found = self.scan_now(context, ids)
            context.cancel.raise_if_set()  # the library is being closed
            if found:
                self._scheduler().start(scan=False)
            self._back_up_if_due()
            return found

        self._components.lanes.io.submit("scan", work)

"""Reads the metadata of photos that are indexed already, without looking at them again."""

from __future__ import annotations

import concurrent.futures
import logging
from collections.abc import Callable

from engine.errors import Cancelled
from engine.indexing.analysis_pool import AnalysisPool, Failed, Vanished
from engine.jobs import CancelToken, JobContext, Progress
from engine.records import FolderId, LibraryChanges, PhotoMetadata
from engine.store.rows import FileRow
from engine.store.store import Store

log = logging.getLogger(__name__)

_PAGE = 64
"""Files read and written at a time; a kill makes so many be read once more."""
_STAGE = "Reading dates and keywords"


class MetadataPass:
    """Reads what is due: after an update of Pickout, of copies and moved files, and where a
    sidecar has changed. The due files stand in the store, so that the pass goes on after a kill.
    Index lane.

    Args:
        on_change: called for every page.
    """

    def __init__(
        self,
        store: Store,
        analysis_pool: AnalysisPool,
        on_change: Callable[[LibraryChanges], None],
    ) -> None:
        self._store = store
        self._analysis_pool = analysis_pool
        self._on_change = on_change

    def run(self, context: JobContext, wait: Callable[[], bool]) -> None:
        """Read all that is due and can be reached.

        Args:
            wait: called before each page; waits as long as others have precedence. If it returns
                False, the rest is left for the next run.

        Raises:
            Cancelled: pages written so far stay.
            EngineError: no worker can be started.
        """
        page = self._store.files.metadata_due(_PAGE)
        if not page:
            return
        total, done = self._store.files.count_metadata_due(), 0
        roots = self._store.folders.paths()
        while page and wait():
            context.report(Progress(_STAGE, done, max(total, done + len(page))))
            found = [
                (file, future)
                for file in page
                if (root := roots.get(file.folder_id)) is not None
                for future in [self._analysis_pool.read_metadata(file, root, context.cancel)]
            ]
            concurrent.futures.wait([future for _, future in found])
            self._store_page(
                [(file, _metadata(file, future, context.cancel)) for file, future in found]
            )
            done += len(page)
            page = self._store.files.metadata_due(_PAGE, page[-1].id)

    def _store_page(self, found: list[tuple[FileRow, PhotoMetadata | Vanished | None]]) -> None:
        """Write what was read; files that vanished stay due, and the next scan sees to them."""
        read = [(file, what) for file, what in found if not isinstance(what, Vanished)]
        self._store.results.record_metadata(read)
        offline = _offline(found)
        for folder_id in offline:
            self._store.folders.set_online(folder_id, False)
        photos = frozenset(file.photo_id for file, what in read if file.photo_id and what)
        self._on_change(LibraryChanges(photos=photos, folders=bool(offline)))


def _metadata(
    file: FileRow,
    future: concurrent.futures.Future[PhotoMetadata | Vanished | Failed],
    cancel: CancelToken,
) -> PhotoMetadata | Vanished | None:
    """What was read; None for a file that cannot be read, whose metadata stays as it was."""
    try:
        found = future.result()
    except Cancelled:
        raise
    except Exception as bug:  # one photo must not end the run
        cancel.raise_if_set()
        log.error("reading the metadata of %s failed", file.path, exc_info=bug)
        return None
    if isinstance(found, Failed):
        if found.affects_all_files:
            raise found.error
        log.info("no metadata: %s: %s", file.path, found.error)
        return None
    return found


def _offline(found: list[tuple[FileRow, PhotoMetadata | Vanished | None]]) -> set[FolderId]:
    """Folders that cannot be reached any more."""
    return {f.folder_id for f, what in found if isinstance(what, Vanished) and what.folder_offline}

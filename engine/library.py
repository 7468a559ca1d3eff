"""The facade: a library of photos on disk, and everything one can ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.jobs import Job
from engine.records import (
    CheckReport,
    ExportRequest,
    ExportSummary,
    Folder,
    FolderId,
    LibraryChanges,
    LibraryStatus,
    Photo,
    PhotoId,
    Problem,
    Region,
    RegionId,
    SearchRequest,
    SearchResult,
)


class Library:
    """One open library. Methods that return a ``Job`` come back at once; the rest answer quickly.

    Thread-safe: any thread may call any method. Open it with ``Library.open``, close it once.
    """

    @classmethod
    def open(cls, root: Path, *, profile=None, read_only: bool = False) -> Library:
        """Open or create the library kept in the folder ``root``.

        Args:
            profile: an ``engine.profiles.Profile``; None for the one in the settings.
            read_only: do not take the writer's lock; only searching, reading and exporting work.

        Raises:
            LibraryInUse: another process writes to it (never with ``read_only``).
            StoreTooNew, StoreDamaged, DiskFull: as the names say.
        """
        raise NotImplementedError

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop watching, cancel all jobs, end child processes, checkpoint the store."""
        raise NotImplementedError

    # -- folders ---------------------------------------------------------------------------

    def folders(self) -> tuple[Folder, ...]:
        raise NotImplementedError

    def add_folder(self, path: Path) -> Folder:
        """Watch a folder and everything below it. Adding it twice changes nothing.

        Raises:
            FolderProblem: it does not exist, is not a folder, cannot be read, holds the library
                itself, or lies inside (or around) a folder that is watched already.
        """
        raise NotImplementedError

    def remove_folder(self, folder_id: FolderId) -> None:
        """Forget a folder and what was made from its photos. No photo file is touched."""
        raise NotImplementedError

    def start_watching(self) -> None:
        """Follow the folders live: scan them now, then whenever something changes, then index."""
        raise NotImplementedError

    # -- indexing --------------------------------------------------------------------------

    def scan(self) -> Job[LibraryChanges]:
        """Compare the folders with the store (lane ``io``); new files then wait to be indexed."""
        raise NotImplementedError

    def index(self) -> Job[LibraryStatus]:
        """Scan, then index what waits, newest first (lane ``index``). Running already: that job.

        Survives a kill at any moment: each photo is written in one transaction. Progress carries
        photos done, total, rate and seconds left. A photo that fails becomes a problem.
        """
        raise NotImplementedError

    def pause_indexing(self) -> None:
        """Stop after the photo in work and stay stopped until ``resume_indexing``."""
        raise NotImplementedError

    def resume_indexing(self) -> None:
        raise NotImplementedError

    def status(self) -> LibraryStatus:
        """Counts and rate; cheap enough to poll twice a second."""
        raise NotImplementedError

    def problems(self, limit: int = 1000) -> tuple[Problem, ...]:
        """Files that could not be indexed, newest first."""
        raise NotImplementedError

    def retry_problems(self, paths: Sequence[Path] | None = None) -> int:
        """Put failed files (None: all) back in the queue; how many."""
        raise NotImplementedError

    def take_changes(self) -> LibraryChanges:
        """What changed since this was last called; the window polls it."""
        raise NotImplementedError

    # -- looking ---------------------------------------------------------------------------

    def search(self, request: SearchRequest) -> Job[SearchResult]:
        """Rank photos (lane ``search``). A newer call cancels the older one.

        ``job.partial`` is a ``SearchResult`` as soon as stage one is done; with a slow verifier
        it is replaced as verdicts come in.
        """
        raise NotImplementedError

    def photo(self, photo_id: PhotoId) -> Photo | None:
        raise NotImplementedError

    def photos(self, limit: int = 200, before: PhotoId | None = None) -> tuple[Photo, ...]:
        """Searchable photos, newest first, a page at a time (for the grid without a query)."""
        raise NotImplementedError

    def regions(self, photo_id: PhotoId) -> tuple[Region, ...]:
        """The photo's things under the active profile, best mask first."""
        raise NotImplementedError

    def region(self, region_id: RegionId) -> Region | None:
        raise NotImplementedError

    def thumbnail(self, photo_id: PhotoId) -> bytes | None:
        """JPEG, upright, longest side 384 px; None if there is none yet."""
        raise NotImplementedError

    def read_photo(self, photo_id: PhotoId, longest_px: int | None = None):
        """Decode in the decoder process: uint8 (H, W, 3) upright, at most ``longest_px``.

        Blocks: call it from a worker thread. Raises PhotoMissing, PhotoUnreadable, ...
        """
        raise NotImplementedError

    # -- taking out ------------------------------------------------------------------------

    def export(self, request: ExportRequest) -> Job[ExportSummary]:
        """Write hits to files (lane ``io``). A hit that fails becomes a problem of the summary."""
        raise NotImplementedError

    def check(self) -> Job[CheckReport]:
        """Compare store and index, repair what is derived (lane ``index``)."""
        raise NotImplementedError

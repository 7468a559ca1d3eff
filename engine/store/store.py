"""Protocol of the store: the truth about a library, by tables. See ``SCHEMA.md`` for the columns.

What every implementation promises:

- **Threads.** Any thread may call any method. Only the index lane calls ``ResultWriter``. A second
  process that writes is refused (``LibraryInUse``), or works beside the first one: then
  ``FileTable.claim`` keeps two indexers from the same photo.
- **Atomicity.** Each method that writes is one transaction: after a kill all of it is there or
  nothing. Each method that reads sees one moment.
- **Order.** Ids of regions only grow, also after deletions; an index relies on that.
- **Visibility.** A photo is visible while a file below a watched folder holds it. A folder that is
  marked as removed is out of every answer at once; what it held is deleted in steps.
- **Errors.** DiskFull, StoreDamaged, ServerProblem (a server that went away); nothing is written
  then. ValueError for arguments that break the documented shapes or ranges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.errors import EngineError
from engine.records import (
    FolderId,
    PhotoId,
    PhotoMetadata,
    Problem,
    Region,
    RegionId,
)
from engine.scoring.model_answer import AnswerCache
from engine.store.protocols.edit_table import EditTable
from engine.store.protocols.folder_table import FolderTable
from engine.store.protocols.photo_table import PhotoTable
from engine.store.rows import (
    AnalysedPhoto,
    FileRow,
    FileVersion,
    IndexLevel,
    ProfileRow,
    RegionRows,
    SampledFile,
    Totals,
    Waiting,
    Written,
)

NEWEST = (2**63 - 1, 2**63 - 1)
"""Place before the first file of the work list: ``mtime_ns`` and ``id``."""


class FileTable(Protocol):
    """Files below the watched folders, and the work lists made from them."""

    def present(self, folder_id: FolderId) -> dict[str, tuple[int, int]]:
        """Relative path -> size in bytes and mtime in ns, of every file not known as missing."""
        ...

    def sample(self, folder_id: FolderId, count: int) -> list[SampledFile]:
        """Some files of a folder that are not known as missing, drawn by chance."""
        ...

    def record_found(
        self, folder_id: FolderId, found: Iterable[tuple[str, int, int]]
    ) -> set[PhotoId]:
        """Record new, changed and returned files: relative path, size in bytes, mtime in ns.

        A file that returned unchanged is ready; every other one becomes pending and keeps its
        photo until then.

        Returns:
            Photos that are visible again.
        """
        ...

    def record_missing(self, folder_id: FolderId, rel_paths: Iterable[str]) -> set[PhotoId]:
        """Record files that are not there any more; returns the photos they held."""
        ...

    def held_elsewhere(self, folder_id: FolderId, rel_paths: Iterable[str]) -> set[str]:
        """Those of a folder's files that are in another folder which is online, too: the same
        photo, or a file of the same size and time whose bytes were not read yet."""
        ...

    def record_skipped(
        self, folder_id: FolderId, skips: Iterable[tuple[str, str, str, str]]
    ) -> bool:
        """Replace the folder's entries that a scan left out: relative path, kind, message, hint.
        True if they differ from the earlier ones."""
        ...

    def delete_missing(self, before: str) -> tuple[PhotoId, ...] | None:
        """Delete a batch of files that went missing before a moment (ISO 8601, UTC), in folders
        that are online; None when nothing is left.

        Returns:
            Photos that no file holds any more.
        """
        ...

    def pending(self, limit: int, *, unsettled_ns: tuple[int, int] | None = None) -> list[FileRow]:
        """Files whose bytes are to be read, newest first.

        Args:
            unsettled_ns: leave out files modified in this span (start excluded, end included).
        """
        ...

    def lacking(
        self, profile_id: int, limit: int, after: tuple[int, int] = NEWEST
    ) -> list[FileRow]:
        """Ready files whose photo has no vectors of this profile, newest first.

        Args:
            after: ``mtime_ns`` and ``id`` of the last file of the page before.
        """
        ...

    def coarse(self, profile_id: int, limit: int) -> list[FileRow]:
        """Ready files whose photo has only a coarse indexing of this profile, newest first."""
        ...

    def claim(self, file: FileRow, profile_id: int, level: IndexLevel) -> bool:
        """Take a file of a work list, so that no other indexer takes it, until something is
        recorded of it, this process ends, or an hour is over. False if another indexer has it, or
        has done the work meanwhile. Work lists leave out what others have."""
        ...

    def record_version(self, file: FileRow, size_bytes: int, mtime_ns: int) -> None:
        """The file differs from what the scan saw: it stays pending, with its new version."""
        ...

    def sidecars(self, folder_id: FolderId) -> dict[str, str]:
        """Relative path -> version of the sidecars that it had at the last scan; files without any
        are left out."""
        ...

    def record_sidecars(
        self, folder_id: FolderId, versions: Iterable[tuple[str, str | None]]
    ) -> None:
        """Record that the sidecars of files (relative path) have another version, or are gone
        (None): the metadata of these files is due."""
        ...

    def metadata_due(self, limit: int, before: int | None = None) -> list[FileRow]:
        """Ready files that can be reached and whose metadata is to be read, the one added last
        first.

        Args:
            before: ``id`` of the last file of the page before.
        """
        ...

    def count_metadata_due(self) -> int:
        """Files whose metadata is to be read, in whatever state."""
        ...


class RegionTable(Protocol):
    """Regions, their masks and vectors. It is also the ``VectorSource`` of an index.

    A number of a vector is kept to within 1/250 of the largest one in its place among the vectors
    of its photo; every method gives the same numbers. Ids of a photo's regions have no gap.
    """

    def get(self, region_id: RegionId) -> Region | None:
        """None if there is no region of this id; the photo as a whole is none."""
        ...

    def get_many(self, region_ids: Sequence[RegionId]) -> dict[RegionId, Region]:
        """As ``get``, for several; what is no region is left out."""
        ...

    def of_photo(self, photo_id: PhotoId, profile_id: int) -> tuple[Region, ...]:
        """The regions of a photo, best mask first."""
        ...

    def of_photos(
        self, photo_ids: Sequence[PhotoId], profile_id: int
    ) -> dict[PhotoId, tuple[Region, ...]]:
        """As ``of_photo``, for several; photos without regions are left out."""
        ...

    def rows(self, photo_ids: Sequence[PhotoId], profile_id: int) -> dict[PhotoId, RegionRows]:
        """Arrays of all regions of several photos; photos without vectors are left out."""
        ...

    def fully_indexed(self, photo_ids: Sequence[PhotoId], profile_id: int) -> set[PhotoId]:
        """Those of the photos that are indexed in full."""
        ...

    def ids_of(
        self, photo_ids: Sequence[PhotoId], profile_id: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """All regions of several photos, the photos as a whole included.

        Returns:
            int64 (N,) region ids, ascending, and int64 (N,) the photo of each.
        """
        ...

    def photos_of(self, region_ids: Sequence[int]) -> dict[int, PhotoId]:
        """Region id -> its photo, for regions that still exist."""
        ...

    def vector(self, region_id: RegionId, profile_id: int) -> np.ndarray | None:
        """float32 (D,); None if the region does not exist or belongs to another profile."""
        ...

    def vectors_of(self, profile_id: int, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See ``VectorSource``."""
        ...

    def vectors_after(
        self, profile_id: int, after: int, up_to: int | None = None, chunk: int = 4096
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """See ``VectorSource``; at most ``chunk`` rows a batch, each batch read by itself."""
        ...

    def drop_damaged(self) -> int:
        """Read the regions of every photo, and delete what differs from its checksum or cannot be
        read; those photos are looked at again. How many there were."""
        ...

    def ids(self, profile_id: int, after: int = 0, up_to: int | None = None) -> np.ndarray:
        """See ``VectorSource``."""
        ...


class ResultWriter(Protocol):
    """What became of one file. Index lane only."""

    def known_photo(
        self, version: FileVersion, profile_id: int, level: IndexLevel = IndexLevel.FULL
    ) -> PhotoId | None:
        """The photo with this content, if the profile has indexed it to this level or above."""
        ...

    def link_known(self, file: FileRow, version: FileVersion, photo_id: PhotoId) -> Written:
        """The file holds content that is indexed already."""
        ...

    def write(
        self,
        file: FileRow,
        photo: AnalysedPhoto,
        profile_id: int,
        keep_thumbnail: Callable[[PhotoId, bytes], None],
    ) -> Written:
        """Store everything about one photo; a full indexing replaces a coarse one.

        Nothing is written if the file's folder was removed meanwhile.

        Args:
            keep_thumbnail: called inside the transaction, once the id is known.
        """
        ...

    def record_metadata(self, found: Sequence[tuple[FileRow, PhotoMetadata | None]]) -> None:
        """What was read anew of files, which are no longer due; None for one that could not be
        read, which keeps what was known. A file that holds another photo by now is left alone."""
        ...

    def record_failure(self, file: FileRow, error: EngineError, stage: str) -> None:
        """The file could not be indexed. What it held before stays searchable."""
        ...


class FailureTable(Protocol):
    """Files that could not be indexed, and entries that scans left out."""

    def problems(self, limit: int) -> tuple[Problem, ...]:
        """Failed files, newest first, then entries that were left out."""
        ...

    def retry(self, paths: Iterable[Path] | None) -> int:
        """Make failed files pending again (None: all); returns how many."""
        ...


class CountTable(Protocol):
    """Counters for the status line; reading them takes no longer in a large library."""

    def totals(self, profile_id: int) -> Totals:
        """Files and regions under a profile."""
        ...

    def waiting(self, profile_id: int) -> Waiting:
        """What is left to index for a profile."""
        ...

    def record_throughput(self, profile_id: int, level: IndexLevel, per_second: float) -> None:
        """Keep the measured rate of a pass, photos a second."""
        ...

    def throughput(self, profile_id: int) -> dict[IndexLevel, float]:
        """Photos a second of each pass, as last recorded."""
        ...

    def repair(self) -> tuple[str, ...]:
        """Count anew; the names of counters that were wrong."""
        ...


class ProfileTable(Protocol):
    """Profiles that the store holds data of."""

    def all(self) -> tuple[ProfileRow, ...]:
        """Every profile, in the order they were first used."""
        ...

    def photo_bytes(self, profile_id: int) -> tuple[float, float] | None:
        """Bytes and regions of one photo indexed in full, estimated; None if there is none."""
        ...

    def free_bytes(self) -> int:
        """Space that new rows will use before the store grows."""
        ...

    def delete_step(self, profile_id: int) -> int:
        """Delete a batch of a profile's data; the number of photos, 0 when all is deleted."""
        ...


class Store(Protocol):
    """One open store; close it once. See the module for what it promises.

    Attributes:
        read_only: every method that writes raises.
    """

    read_only: bool

    @property
    def folders(self) -> FolderTable: ...
    @property
    def files(self) -> FileTable: ...
    @property
    def photos(self) -> PhotoTable: ...
    @property
    def regions(self) -> RegionTable: ...
    @property
    def results(self) -> ResultWriter: ...
    @property
    def failures(self) -> FailureTable: ...
    @property
    def counts(self) -> CountTable: ...
    @property
    def profiles(self) -> ProfileTable: ...
    @property
    def model_answers(self) -> AnswerCache: ...
    @property
    def edits(self) -> EditTable: ...

    def profile_id(self, key: str, ndim: int, description: str) -> int:
        """The number of a profile; a new one gets a number, except in a read-only store, where it
        is 0 (which no row has).

        Raises:
            ValueError: the profile is known with vectors of another length.
        """
        ...

    def faults(self) -> tuple[str, ...]:
        """Damage and broken constraints, for people; empty if all is well. May take a while."""
        ...

    def close(self) -> None:
        """Finish writing and release everything. Any later use raises."""
        ...

"""Status, changes and consistency report of a library."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.records.indexing import IndexingState, PassStatus
from engine.records.photos import Folder, PhotoId
from engine.records.profiles import ProfileChange


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """A snapshot for the status line and ``pickout-cli status``.

    ``photos == searchable + pending + problems`` always holds (files, not contents).

    Attributes:
        photos: files below the watched folders.
        searchable: photos that a search can find; ``outlined`` of them have regions, the others
            are known as a whole only, until the full pass reaches them.
        photos_per_s, seconds_left: of the running pass; None if no pass runs.
        coarse: progress of the coarse pass: photos that are not searchable yet.
        full: progress of the full pass: photos without regions, those of ``coarse`` included.
        change: progress of the change to another profile; None if none is requested.
    """

    profile: str
    photos: int
    searchable: int
    pending: int
    problems: int
    regions: int
    folders: tuple[Folder, ...] = ()
    indexing: IndexingState = IndexingState.IDLE
    photos_per_s: float | None = None
    seconds_left: float | None = None
    current_path: Path | None = None
    note: str = ""
    outlined: int = 0
    coarse: PassStatus = field(default_factory=PassStatus)
    full: PassStatus = field(default_factory=PassStatus)
    change: ProfileChange | None = None


@dataclass(frozen=True, slots=True)
class LibraryChanges:
    """What has changed in a library, so that a display can be refreshed.

    Attributes:
        photos: photos whose record, regions or availability changed.
        folders, problems: the list of folders or of problems changed.
        profile: another profile is active; every hit, region and count may be different.
    """

    photos: frozenset[PhotoId] = frozenset()
    folders: bool = False
    problems: bool = False
    profile: bool = False

    def __or__(self, other: LibraryChanges) -> LibraryChanges:
        return LibraryChanges(
            self.photos | other.photos,
            self.folders or other.folders,
            self.problems or other.problems,
            self.profile or other.profile,
        )

    def __bool__(self) -> bool:
        return bool(self.photos or self.folders or self.problems or self.profile)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Result of a consistency check, with the faults repaired and those that could not be."""

    photos: int
    regions: int
    vectors: int
    repaired: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """No fault is left."""
        return not self.faults

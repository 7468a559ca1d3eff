"""A library as a whole: its status, changes and consistency."""

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
        searchable: a search finds them; ``outlined`` of them with their things, the others as a
            whole until the full pass has come to them.
        photos_per_s, seconds_left: of the pass that is going on.
        coarse: photos that are not searchable yet.
        full: photos whose things are not known yet, those of ``coarse`` included.
        change: under way to other models; None if there is none.
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
    coarse: PassStatus = PassStatus()
    full: PassStatus = PassStatus()
    change: ProfileChange | None = None


@dataclass(frozen=True, slots=True)
class LibraryChanges:
    """What a write changed, for whoever shows it. ``profile``: other models answer now, so
    every hit, region and count may be another."""

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
    """What ``check`` found. ``repaired`` names what it put right; ``faults`` what it could not."""

    photos: int
    regions: int
    vectors: int
    repaired: tuple[str, ...] = ()
    faults: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        return not self.faults

"""Profiles of a library: their cost, and a change from one to another."""

from __future__ import annotations

from dataclasses import dataclass

from engine.records.indexing import PassStatus


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """Progress of the change to another profile, while the old one is active.

    Attributes:
        profile: name of the requested profile.
        photos: files it has to index; ``searchable`` of them have at least the coarse pass,
            ``outlined`` the full pass.
        done: share of the photos with the full pass, 0..1.
        full: progress of the full pass.
    """

    profile: str
    photos: int
    searchable: int
    outlined: int
    done: float
    full: PassStatus


@dataclass(frozen=True, slots=True)
class ProfileCost:
    """Estimated cost of a change to another profile.

    Attributes:
        photos: photos left to index, those with only the coarse pass included.
        per_second: photos a second; None if unknown, because no photo could be tried.
        tried: the rate comes from a trial on a few photos, not from an earlier run.
        seconds: time for all photos; None if the rate is unknown.
        disk_bytes: estimated growth of the library.
        free_bytes: free space on the library's disk.
    """

    profile: str
    photos: int
    per_second: float | None
    tried: bool
    seconds: float | None
    disk_bytes: int
    free_bytes: int

    @property
    def fits(self) -> bool:
        """Whether the disk has enough room."""
        return self.disk_bytes < self.free_bytes


@dataclass(frozen=True, slots=True)
class KeptProfile:
    """A profile whose vectors the library holds.

    Attributes:
        key: distinguishes versions of the models of one name.
        photos: contents it has indexed.
        disk_bytes: estimated size of its data.
        answering: it is the active profile.
        next: it is the requested profile, active once it has indexed all photos.
        complete: no photo is left to index.
    """

    name: str
    key: str
    photos: int
    disk_bytes: int
    answering: bool
    next: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class ProfileInfo:
    """A profile that a library can use.

    Attributes:
        answering: it is the active profile.
        next: it is the requested profile, active once it has indexed all photos.
        outdated: it is active with other model files than a change to it would use now.
        problem, hint: why it cannot be used now and what to do; empty if it can.
    """

    name: str
    answering: bool
    next: bool
    outdated: bool = False
    problem: str = ""
    hint: str = ""

"""Profiles of a library: their cost, and a change from one to another."""

from __future__ import annotations

from dataclasses import dataclass

from engine.records.indexing import PassStatus


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """How far the change to other models is, while the old ones answer.

    Attributes:
        photos: files that these models are to know; ``searchable`` of them they know at least as
            a whole, ``outlined`` of those in full.
        done: share of the work, 0..1.
        full: what is left to look at, and how fast that goes.
    """

    profile: str
    photos: int
    searchable: int
    outlined: int
    done: float
    full: PassStatus


@dataclass(frozen=True, slots=True)
class ProfileCost:
    """What changing to other models will take.

    Attributes:
        photos: that the models have still to look at, those only coarsely known included.
        per_second: photos, None if it is not known: nothing could be tried.
        tried: it comes from a trial on a few photos, not from an earlier run.
        seconds: for all of them, None as ``per_second``.
        disk_bytes: what the library will grow by, estimated.
        free_bytes: on the library's disk now.
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
        """Whether there is room on the disk."""
        return self.disk_bytes < self.free_bytes


@dataclass(frozen=True, slots=True)
class KeptProfile:
    """Models the library holds vectors of.

    Attributes:
        key: tells versions of models of the same name apart.
        photos: contents they have looked at.
        disk_bytes: what that takes, estimated.
        answering, next: whether they answer now, or will once they have seen all photos.
        complete: nothing is left for them to look at.
    """

    name: str
    key: str
    photos: int
    disk_bytes: int
    answering: bool
    next: bool
    complete: bool

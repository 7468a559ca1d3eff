"""What is marked in the photo of a hit: the thing, the parts it was put together from, a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.records import UNSTORED, BoxXyxy, Region, RegionId, SearchHit


@dataclass(frozen=True)
class HitHighlight:
    """Attributes:
    thing: what is outlined and cut out.
    parts: the stored things it was put together from; empty if it is one of them.
    others: further things that are what was asked.
    box_xyxy: a place without an outline.
    """

    thing: Region | None = None
    parts: tuple[RegionId, ...] = ()
    others: tuple[Region, ...] = ()
    box_xyxy: BoxXyxy | None = None

    @property
    def ids(self) -> list[RegionId]:
        """Of the stored things that ``thing`` is, or is made of; of itself if it is not stored."""
        if self.thing is None:
            return []
        return list(self.parts) or [self.thing.id]

    @property
    def made(self) -> bool:
        """Whether the outline was made for this hit, so that the library does not know it."""
        return self.thing is not None and self.thing.id == UNSTORED

    def among(self, stored: Sequence[Region]) -> tuple[Region, ...]:
        """All things of the photo to choose from, the one that was made for this hit first."""
        return (self.thing, *stored) if self.made else tuple(stored)

    @property
    def in_sight_xyxy(self) -> BoxXyxy | None:
        """What must not be cropped where there is little room."""
        if self.box_xyxy is not None:
            return self.box_xyxy
        return self.thing.box_xyxy if self.thing is not None else None


def marks(hit: SearchHit) -> HitHighlight:
    """Where the closer look saw it where no stored outline is, the thing that stage one took for
    it is not it, and is not marked."""
    if hit.box_xyxy is not None:
        return HitHighlight(others=hit.others, box_xyxy=hit.box_xyxy)
    return HitHighlight(hit.region, hit.parts, hit.others)

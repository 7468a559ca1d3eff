"""What is highlighted in the photo of a hit: a region, its parts, further regions, a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.records import UNSTORED, BoxXyxy, Region, RegionId, SearchHit


@dataclass(frozen=True)
class HitHighlight:
    """The highlighted parts of one photo.

    Attributes:
        region: the region that is outlined, selected and cut out; None if there is none.
        parts: ids of the stored regions whose union ``region`` is; empty if it is stored itself.
        others: further regions that match the query.
        box_xyxy: a box of the reranker without an outline, pixels of the upright photo.
    """

    region: Region | None = None
    parts: tuple[RegionId, ...] = ()
    others: tuple[Region, ...] = ()
    box_xyxy: BoxXyxy | None = None

    @property
    def ids(self) -> list[RegionId]:
        """Ids of the stored regions that ``region`` consists of; its own id if it is not stored."""
        if self.region is None:
            return []
        return list(self.parts) or [self.region.id]

    @property
    def matching(self) -> tuple[Region, ...]:
        """Everything that matches the query, the highlighted region first, nothing twice.

        Without unstored regions among the others, which have no id to be selected by.
        """
        first = (self.region,) if self.region is not None else ()
        seen = {UNSTORED, *self.ids}
        others = {region.id: region for region in self.others if region.id not in seen}
        return (*first, *others.values())

    def ids_of(self, region: Region) -> list[RegionId]:
        """Ids that are selected for one of the ``matching`` regions."""
        return self.ids if region is self.region else [region.id]

    @property
    def is_unstored(self) -> bool:
        """Whether the region was made for this hit and is not in the store."""
        return self.region is not None and self.region.id == UNSTORED

    def selectable(self, stored: Sequence[Region]) -> tuple[Region, ...]:
        """All regions of the photo that can be selected; an unstored one comes first."""
        if self.region is not None and self.is_unstored:
            return (self.region, *stored)
        return tuple(stored)

    @property
    def focus_xyxy(self) -> BoxXyxy | None:
        """The box that has to stay visible where the photo is cropped."""
        if self.box_xyxy is not None:
            return self.box_xyxy
        return self.region.box_xyxy if self.region is not None else None


def highlight_of(hit: SearchHit) -> HitHighlight:
    """The highlight of a hit.

    A hit with a box has no stored outline where the reranker saw the object. The region of the
    first stage is then another object and is not highlighted.
    """
    if hit.box_xyxy is not None:
        return HitHighlight(others=hit.others, box_xyxy=hit.box_xyxy)
    return HitHighlight(hit.region, hit.parts, hit.others)

"""Regions: the things in a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from engine.records.geometry import BoxXyxy, Rle
from engine.records.photos import PhotoId

RegionId = NewType("RegionId", int)
"""Key of a row in ``regions`` and, the same number, key of its vector in the index."""


UNSTORED = RegionId(0)
"""Of an outline that was made for one hit: no row has it, and nothing can be compared with it."""


@dataclass(frozen=True, slots=True)
class Region:
    """One thing in one photo.

    Attributes:
        box_xyxy: in pixels of the upright photo.
        rle: mask at the analysis size.
        mask_score: the proposer's own confidence, 0..1.
    """

    id: RegionId
    photo_id: PhotoId
    box_xyxy: BoxXyxy
    rle: Rle
    mask_score: float

"""Regions: the objects found in a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from engine.records.geometry import BoxXyxy, Rle
from engine.records.photos import PhotoId

RegionId = NewType("RegionId", int)
"""Key of a row in ``regions``, and of its vector in the index."""

UNSTORED = RegionId(0)
"""Id of a region that was segmented for one hit and is not stored. It has no vector, so it cannot
be an example for a search."""


@dataclass(frozen=True, slots=True)
class Region:
    """One object in one photo.

    Attributes:
        box_xyxy: box in pixels of the upright photo.
        rle: mask at the analysis size.
        mask_score: the proposer's own confidence, 0..1.
    """

    id: RegionId
    photo_id: PhotoId
    box_xyxy: BoxXyxy
    rle: Rle
    mask_score: float


@dataclass(frozen=True, slots=True)
class RegionLabel:
    """A name that a region may have, with its probability, 0..1.

    Attributes:
        given: it is the name that people gave it.
    """

    name: str
    probability: float
    given: bool = False

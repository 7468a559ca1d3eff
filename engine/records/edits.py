"""What a person said of photos: kept by content, never changed by indexing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.records.geometry import BoxXyxy
from engine.records.photos import PhotoId
from engine.records.regions import RegionId


class EditKind(StrEnum):
    """Kinds of edits. ``HIT_JUDGED``: a photo was confirmed or denied as a hit of a query.
    ``REGION_NAMED``: a region was given a name."""

    HIT_JUDGED = "hit-judged"
    REGION_NAMED = "region-named"


@dataclass(frozen=True, slots=True)
class EditStep:
    """What was said at once, and is undone at once.

    Attributes:
        photos: those that the library holds now.
        query: the query that photos were judged by, in lower case; empty for a name.
        match: whether they match it; None if that was taken back.
        name: what a thing was called; empty if its name was taken away.
    """

    kind: EditKind
    photos: frozenset[PhotoId]
    query: str = ""
    match: bool | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class RegionName:
    """A name that a person gave to a thing in a photo.

    Attributes:
        box_xyxy: of the thing when it was named, in pixels of the upright photo.
        region_id: the region of the active profile that shows it; None if that profile has none
            there. The name is kept all the same.
    """

    name: str
    box_xyxy: BoxXyxy
    region_id: RegionId | None

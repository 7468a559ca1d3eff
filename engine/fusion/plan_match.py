"""What a query plan found in one photo."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.records import RelationTerm, Scene, Thing


@dataclass(frozen=True)
class PartMatch:
    """One part of a plan in one photo.

    Attributes:
        part: the part of the plan.
        probability: that the photo has it; of an excluded part, that it has the excluded thing.
        regions: indexes of the regions that show it, best first.
    """

    part: Thing | Scene | RelationTerm
    probability: float
    regions: tuple[int, ...] = ()


@dataclass(frozen=True)
class PlanMatch:
    """A plan in one photo.

    Attributes:
        score: orders photos, higher is better; comparable within one plan only.
        probability: that the photo answers the plan, 0..1.
        region: index of the region to show; None if the photo has none.
        others: indexes of further regions that match, best first.
        parts: what each part of the plan found, in the order of the text.
        excluded: something that must not be there is called a match.
        region_scores: float64 (N,), how well each region fits any thing that must be there; empty
            without regions.
    """

    score: float
    probability: float
    region: int | None
    others: tuple[int, ...] = ()
    parts: tuple[PartMatch, ...] = ()
    excluded: bool = False
    region_scores: np.ndarray = field(default_factory=lambda: np.zeros(0))

"""What a query plan found in one photo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from engine.records import RelationTerm, Scene, Thing


def _nothing() -> tuple[int, ...]:
    return ()


@dataclass(frozen=True)
class PartMatch:
    """One part of a plan in one photo.

    Attributes:
        part: the part of the plan.
        probability: that the photo has it; of an excluded part, that it has the excluded thing.
        outline: chooses ``regions``; called for photos that are shown only, because it takes a
            good part of the time of a match.
    """

    part: Thing | Scene | RelationTerm
    probability: float
    outline: Callable[[], tuple[int, ...]] = _nothing

    @cached_property
    def regions(self) -> tuple[int, ...]:
        """Indexes of the regions that show it, best first."""
        return self.outline()


@dataclass(frozen=True)
class PlanMatch:
    """A plan in one photo.

    Attributes:
        score: orders photos, higher is better; comparable within one plan only.
        probability: that the photo answers the plan, 0..1.
        outline: chooses the regions to show, best first; called for photos that are shown only.
        parts: what each part of the plan found: things, scenes, then relations.
        excluded: something that must not be there is called a match.
        region_scores: float64 (N,), how well each region fits any thing that must be there; empty
            without regions.
    """

    score: float
    probability: float
    outline: Callable[[], tuple[int, ...]] = _nothing
    parts: tuple[PartMatch, ...] = ()
    excluded: bool = False
    region_scores: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @cached_property
    def outlined(self) -> tuple[int, ...]:
        """Indexes of the regions to show, best first."""
        return self.outline()

    @property
    def region(self) -> int | None:
        """Index of the region to show; None if the photo has none."""
        return self.outlined[0] if self.outlined else None

    @property
    def others(self) -> tuple[int, ...]:
        """Indexes of further regions that match, best first."""
        return self.outlined[1:]

"""Protocol of verifiers, which say whether a photo shows what the query names, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from engine.jobs.cancel import CancelToken
from engine.records import BoxXyxy, Photo, Region


@dataclass(frozen=True)
class Candidate:
    """A photo of the first stage with everything a verifier may use.

    Attributes:
        regions: the stored regions of the photo.
        region_scores: float (N,), how well each region fits the query, same order; comparable
            within the photo only.
        z_score: how far the photo's score in the first stage lies above the mean of all hits, in
            standard deviations, -3..3.
        read_rgb: decodes the upright photo, longest side at most the given number of pixels
            (uint8 HWC). Takes as long as decoding the photo.
    """

    photo: Photo
    regions: tuple[Region, ...]
    region_scores: np.ndarray
    read_rgb: Callable[[int], np.ndarray]
    z_score: float = 0.0


@dataclass(frozen=True)
class Verification:
    """A verifier's answer.

    Attributes:
        probability: calibrated 0..1.
        boxes_xyxy: where it sees the thing, clearest first, in pixels of the upright photo; empty
            to keep the region that the first stage chose.
        reason: one short sentence for people.
    """

    probability: float
    boxes_xyxy: tuple[BoxXyxy, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"expected a probability in 0..1, got {self.probability}")


@runtime_checkable
class Verifier(Protocol):
    """Gives a verdict on one hit. Search lane only.

    Attributes:
        match_at, no_below: a probability of at least ``match_at`` is a match, one below
            ``no_below`` a no, anything between is unsure.
    """

    match_at: float
    no_below: float

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        """The probability that the photo shows what was asked.

        Raises:
            EngineError: it could not be verified; the hit then stays unverified.
            Cancelled: the token was set.
        """
        ...

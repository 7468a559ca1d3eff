"""Protocol of the second look: does this photo really show what was asked, and where?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from engine.jobs.cancel import CancelToken
from engine.records import BoxXyxy, Photo, Region


@dataclass(frozen=True)
class Candidate:
    """One photo of the first stage, with what a verifier may want to know of it.

    Attributes:
        regions: the stored regions of the photo.
        region_scores: float32 (N,), the query's similarity to each, same order.
        whole_score: the query's similarity to the photo as a scene.
        region_vectors: float32 (N, D), same order, and ``whole_vector`` (D,).
        best: index into ``regions`` of the region stage one chose, None if there is none.
        stage_one_score: the score stage one ranked by.
        read_rgb: decodes the upright photo, longest side at most the given number of pixels
            (uint8 HWC). Only a verifier that looks at pixels pays for it.
    """

    photo: Photo
    regions: tuple[Region, ...]
    region_scores: np.ndarray
    whole_score: float
    region_vectors: np.ndarray
    whole_vector: np.ndarray
    best: int | None
    stage_one_score: float
    read_rgb: Callable[[int], np.ndarray]


@dataclass(frozen=True)
class Verification:
    """A verifier's answer.

    Attributes:
        probability: calibrated 0..1.
        region: index into the candidate's regions that it points at, None to keep stage one's.
        box_xyxy: where it looked when no region fits, pixels of the upright photo.
        reason: one short sentence for people.
    """

    probability: float
    region: int | None = None
    box_xyxy: BoxXyxy | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"expected a probability in 0..1, got {self.probability}")


@runtime_checkable
class Verifier(Protocol):
    """Used by the search lane only.

    Attributes:
        free: True if a verdict costs so little that every hit gets one.
        match_at: a probability from here on is a match; below ``no_below`` it is a no.
    """

    free: bool
    match_at: float
    no_below: float

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        """Raises:
        EngineError: if no answer could be had; the hit then stays unverified.
        Cancelled: if the token was set.
        """
        ...

"""Protocols: a photo in, masks of the things in it out, or of the one that is pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from engine.records import BoxXyxy

FITS_FROM = 0.45
"""Overlap of boxes (intersection over union) below which a mask is not the thing a box means."""


@dataclass(frozen=True)
class MaskProposal:
    """One mask at the analysis size.

    Attributes:
        mask_hw: bool (H, W), same size as the picture it was proposed for, not empty.
        box_xyxy: tight half-open box around it, pixels of the same picture.
        score: confidence, 0..1.
    """

    mask_hw: np.ndarray
    box_xyxy: BoxXyxy
    score: float

    def __post_init__(self) -> None:
        if self.mask_hw.dtype != np.bool_ or self.mask_hw.ndim != 2:
            raise ValueError(
                f"expected a bool mask of shape (H, W), got {self.mask_hw.dtype} {self.mask_hw.shape}"
            )
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"expected a score in 0..1, got {self.score}")


@runtime_checkable
class MaskProposer(Protocol):
    """Finds things. Used by one thread of one process at a time."""

    def propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        """Best first. ``photo_rgb``: uint8 (H, W, 3), longest side at most 1024 px."""
        ...


@runtime_checkable
class PromptableProposer(Protocol):
    """Finds the one thing that is pointed at. Used by one thread of one process at a time."""

    def segment(
        self,
        photo_rgb: np.ndarray,
        points_xy: Sequence[tuple[float, float]] = (),
        inside: Sequence[bool] = (),
        box: BoxXyxy | None = None,
    ) -> MaskProposal | None:
        """None if nothing is there. Several calls in a row with the same photo are cheaper.

        Args:
            points_xy: clicks, pixels of the photo; ``inside`` says of each whether the thing is
                there.
            box: around the thing, same pixels.

        Raises:
            BadRequest: nothing was pointed at, or not in a way that these models understand.
        """
        ...

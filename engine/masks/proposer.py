"""Protocol: a photo in, masks of the things in it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from engine.records import BoxXyxy


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

"""Protocols of models that propose masks for a photo, or one mask for a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from engine.records import BoxXyxy

MIN_BOX_IOU = 0.45
"""A mask answers a box prompt only if the IoU of its box with the prompt is at least this."""


@dataclass(frozen=True)
class MaskProposal:
    """One mask at the analysis size.

    Attributes:
        mask_hw: bool (H, W), the size of the photo it was proposed for; not empty.
        box_xyxy: tight half-open box around it, pixels of the same photo.
        score: confidence, 0..1.
    """

    mask_hw: np.ndarray
    box_xyxy: BoxXyxy
    score: float

    def __post_init__(self) -> None:
        if self.mask_hw.dtype != np.bool_ or self.mask_hw.ndim != 2:
            raise ValueError(
                "expected a bool mask of shape (H, W), "
                f"got {self.mask_hw.dtype} {self.mask_hw.shape}"
            )
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"expected a score in 0..1, got {self.score}")


@runtime_checkable
class MaskProposer(Protocol):
    """Proposes masks of all objects in a photo. Used by one thread of one process at a time."""

    def propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        """Propose masks, best first.

        Args:
            photo_rgb: uint8 (H, W, 3), longest side at most 1024 px.
        """
        ...


@runtime_checkable
class PromptableProposer(Protocol):
    """Segments the object that a prompt means. Used by one thread of one process at a time."""

    def segment(
        self,
        photo_rgb: np.ndarray,
        points_xy: Sequence[tuple[float, float]] = (),
        inside: Sequence[bool] = (),
        box: BoxXyxy | None = None,
    ) -> MaskProposal | None:
        """Propose one mask for points, a box, or both; None if there is no object.

        Consecutive calls with the same photo are cheaper.

        Args:
            photo_rgb: uint8 (H, W, 3), longest side at most 1024 px.
            points_xy: clicks, pixels of the photo.
            inside: for each point, whether it is on the object (True) or on the background.
            box: box around the object, pixels of the photo.

        Raises:
            BadRequest: there is no prompt, or the model does not support its kind.
        """
        ...

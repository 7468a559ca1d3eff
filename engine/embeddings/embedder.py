"""Protocols: regions and texts as vectors of one space, where a dot product says how alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np


@dataclass(frozen=True)
class PhotoVectors:
    """Vectors of one photo.

    Attributes:
        whole: float32 (D,), the photo as a scene.
        regions: float32 (N, D), one row a mask, in the order given.
    """

    whole: np.ndarray
    regions: np.ndarray

    def __post_init__(self) -> None:
        if self.regions.ndim != 2 or self.whole.shape != self.regions.shape[1:]:
            raise ValueError(
                f"expected whole (D,) and regions (N, D), got {self.whole.shape} {self.regions.shape}"
            )
        if not (np.isfinite(self.whole).all() and np.isfinite(self.regions).all()):
            raise ValueError("expected finite vectors, got NaN or infinity")


@runtime_checkable
class RegionEmbedder(Protocol):
    """Turns regions into vectors. Used by one thread of one process at a time."""

    ndim: int

    def embed(self, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> PhotoVectors:
        """``photo_rgb``: uint8 (H, W, 3); ``masks_hw``: bool (H, W) each. No masks is fine."""
        ...

    def embed_whole(self, photo_rgb: np.ndarray) -> np.ndarray:
        """float32 (D,): the photo as a scene, from a small picture, uint8 (H, W, 3); comparable
        with ``PhotoVectors.whole``. Only profiles with a coarse pass are asked."""
        ...


@runtime_checkable
class TextEmbedder(Protocol):
    """Turns queries into vectors. Used by the search lane only."""

    ndim: int

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (len(texts), D)."""
        ...


@runtime_checkable
class Remarking(Protocol):
    """What a ``TextEmbedder`` may offer besides: something to tell whoever typed a query."""

    def remarks(self, text: str) -> str:
        """One sentence for people on how ``text`` was understood; empty if all is well."""
        ...

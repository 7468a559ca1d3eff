"""Protocols of models that embed regions and texts in one space, with dot product as similarity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np


@dataclass(frozen=True)
class PhotoVectors:
    """Vectors of one photo.

    Attributes:
        whole: float32 (D,), the vector of the whole photo.
        regions: float32 (N, D), one row for each mask, in the given order.
    """

    whole: np.ndarray
    regions: np.ndarray

    def __post_init__(self) -> None:
        if self.regions.ndim != 2 or self.whole.shape != self.regions.shape[1:]:
            raise ValueError(
                "expected whole (D,) and regions (N, D), "
                f"got {self.whole.shape} {self.regions.shape}"
            )
        if not (np.isfinite(self.whole).all() and np.isfinite(self.regions).all()):
            raise ValueError("expected finite vectors, got NaN or infinity")


@runtime_checkable
class RegionEmbedder(Protocol):
    """Embeds a photo and its regions. Used by one thread of one process at a time.

    Attributes:
        ndim: the length D of its vectors.
    """

    ndim: int

    def embed(self, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> PhotoVectors:
        """Embed the whole photo and its regions.

        Args:
            photo_rgb: uint8 (H, W, 3).
            masks_hw: bool (H, W) each; may be empty.
        """
        ...

    def embed_whole(self, photo_rgb: np.ndarray) -> np.ndarray:
        """Embed the whole photo from a small picture; called for profiles with a coarse pass only.

        Args:
            photo_rgb: uint8 (H, W, 3).

        Returns:
            float32 (D,), comparable with ``PhotoVectors.whole``.
        """
        ...


@runtime_checkable
class TextEmbedder(Protocol):
    """Embeds queries. Used by the search lane only.

    Attributes:
        ndim: the length D of its vectors.
    """

    ndim: int

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts; float32 (len(texts), D)."""
        ...


@runtime_checkable
class QueryNoteProvider(Protocol):
    """Optional method of a ``TextEmbedder``: a note on a query for the user."""

    def query_note(self, text: str) -> str:
        """One sentence on a limitation in understanding ``text``; empty if there is none."""
        ...

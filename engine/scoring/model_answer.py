"""What a model said of a photo, and whoever keeps that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.records import BoxXyxy, PhotoId


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """A model's answer, before any calibration.

    Attributes:
        yes: probability of yes among yes and no, 0..1.
        mass: share of the first word's probability that was on the two, 0..1.
        boxes_xyxy: what it points at, in pixels of the upright photo, clearest first; empty if
            it sees none. None: it was not asked, or its answer could not be read.
    """

    yes: float
    mass: float
    boxes_xyxy: tuple[BoxXyxy, ...] | None = None

    def __post_init__(self) -> None:
        if not (0.0 <= self.yes <= 1.0 and 0.0 <= self.mass <= 1.0):
            raise ValueError(f"expected shares in 0..1, got {self.yes}, {self.mass}")


def folded(query: str) -> str:
    """The query as looks are kept by: the same whatever white space it is written with.

    >>> folded("  a red\\n umbrella ")
    'a red umbrella'
    """
    return " ".join(query.split())


class AnswerCache(Protocol):
    """Keeps looks by photo (its content), query (``folded``) and model. Thread-safe."""

    def get(self, photo_id: PhotoId, query: str, model_key: str) -> ModelAnswer | None:
        """What the model said of this photo when it was last asked this; None if never."""
        ...

    def put(self, photo_id: PhotoId, query: str, model_key: str, look: ModelAnswer) -> None:
        """Keep it, where writing is possible."""
        ...

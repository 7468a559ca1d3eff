"""A language model's answer about one photo, and the protocol of the cache that stores answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.records import BoxXyxy, PhotoId


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """A model's answer, not calibrated.

    Attributes:
        yes: probability of yes relative to yes and no together, 0..1.
        mass: probability of yes and no together within the whole vocabulary, 0..1.
        boxes_xyxy: boxes of what the query names, in pixels of the upright photo, clearest first;
            empty if the model finds none. None if it was not asked for boxes, or if its boxes
            could not be read.
    """

    yes: float
    mass: float
    boxes_xyxy: tuple[BoxXyxy, ...] | None = None

    def __post_init__(self) -> None:
        if not (0.0 <= self.yes <= 1.0 and 0.0 <= self.mass <= 1.0):
            raise ValueError(f"expected shares in 0..1, got {self.yes}, {self.mass}")


def normalised_query(query: str) -> str:
    """The query with single spaces for any white space: the form in which it is a cache key.

    >>> normalised_query("  a red\\n umbrella ")
    'a red umbrella'
    """
    return " ".join(query.split())


class AnswerCache(Protocol):
    """Stores answers by photo, query (after ``normalised_query``) and model. Thread-safe."""

    def get(self, photo_id: PhotoId, query: str, model_key: str) -> ModelAnswer | None:
        """The model's last answer to this query about this photo; None if there is none."""
        ...

    def put(self, photo_id: PhotoId, query: str, model_key: str, answer: ModelAnswer) -> None:
        """Store the answer; does nothing where the cache cannot be written to."""
        ...

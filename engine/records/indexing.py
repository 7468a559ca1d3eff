"""State and progress of indexing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class IndexingState(StrEnum):
    """State of the indexer."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class PassStatus:
    """Progress of one of the two indexing passes.

    Attributes:
        waiting: photos left for the pass, in folders that can be reached.
        photos_per_s, seconds_left: current values, or the last measured ones if the pass is not
            running; None if it was never measured.
    """

    waiting: int = 0
    photos_per_s: float | None = None
    seconds_left: float | None = None

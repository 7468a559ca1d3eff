"""How far indexing is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class IndexingState(StrEnum):
    """What the indexer is doing."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class PassStatus:
    """How far one of the two passes of indexing is.

    Attributes:
        waiting: photos that it has still to look at, in folders that can be reached.
        photos_per_s, seconds_left: now, or as they were when the pass last went on; None if that
            was never measured.
    """

    waiting: int = 0
    photos_per_s: float | None = None
    seconds_left: float | None = None

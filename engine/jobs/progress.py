"""How far a job has come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A snapshot; the newest replaces the one before, nothing queues up.

    Attributes:
        stage: what is being done, for people ("Looking at photos").
        total: None while it is not known.
        seconds_left: measured, None until there is something to measure.
    """

    stage: str = ""
    done: int = 0
    total: int | None = None
    per_second: float | None = None
    seconds_left: float | None = None
    current: str = ""

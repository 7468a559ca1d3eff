"""Progress of a job."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A snapshot of a job's progress. Each replaces the one before; snapshots are not queued.

    Attributes:
        stage: current step, as shown to the user ("Looking at photos").
        done: number of items that are done.
        total: number of all items; None while it is not known.
        per_second: measured throughput; None until there is a measurement.
        seconds_left: estimated from the throughput; None until there is a measurement.
        current: name of the current item.
    """

    stage: str = ""
    done: int = 0
    total: int | None = None
    per_second: float | None = None
    seconds_left: float | None = None
    current: str = ""

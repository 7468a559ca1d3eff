"""How the numbers of searchable and outlined photos grow while a library is indexed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Job
from engine.library import Library
from engine.records import LibraryStatus

_POLL_S = 0.05


@dataclass
class Timeline:
    """Numbers of searchable and of outlined photos over time.

    Attributes:
        seconds: duration of the job.
        searchable, outlined: seconds since the start at which the number grew, with the new number.
        coarse: whether some photos were searchable before they were outlined.
    """

    seconds: float = 0.0
    coarse: bool = False
    searchable: list[tuple[float, int]] = field(default_factory=list)
    outlined: list[tuple[float, int]] = field(default_factory=list)

    def record(self, at_s: float, status: LibraryStatus) -> None:
        for steps, number in (
            (self.searchable, status.searchable),
            (self.outlined, status.outlined),
        ):
            if number > (steps[-1][1] if steps else 0):
                steps.append((at_s, number))
        # The status may be read between the two updates of a photo that has no coarse pass.
        self.coarse |= status.searchable > status.outlined + 1

    @staticmethod
    def per_second(steps: list[tuple[float, int]]) -> float | None:
        """Photos a second between the first and the last step, so without loading the models."""
        if len(steps) < 2:
            return None
        (first_s, first), (last_s, last) = steps[0], steps[-1]
        return (last - first) / (last_s - first_s)


def follow(library: Library, job: Job, listener: ProgressListener) -> Timeline:
    """Watch an index job to its end; blocks. Raises as the job does."""
    timeline = Timeline()
    started_s = time.perf_counter()
    while not job.ended:
        timeline.record(time.perf_counter() - started_s, library.status())
        listener.report(job.progress)
        time.sleep(_POLL_S)
    job.result()
    timeline.seconds = time.perf_counter() - started_s
    timeline.record(timeline.seconds, library.status())
    return timeline
